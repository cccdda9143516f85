/** Images on the real machine: built once, reused, refused when damaged, and nothing half-done is ever seen. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ensureBootFiles } from "../../agent/images/boot-files.ts";
import { BootFilesMissing, createHostImages } from "../../agent/images/host-images.ts";
import { DiskTooSmall, TemplateDamaged, type TemplateManifest } from "../../agent/images/images.ts";
import { createLayerStore } from "../../agent/images/layers.ts";
import { isDigest, type Layout, openLayout } from "../../agent/images/layout.ts";
import { attachReadOnly, detachDeleted, detachUnder } from "../../agent/images/loop-device.ts";
import { emptyStaging } from "../../agent/images/staging.ts";
import { createTemplateStore } from "../../agent/images/templates.ts";
import { digestFile } from "../../agent/system/digest.ts";
import { run } from "../../agent/system/exec.ts";
import { ZERO_UUID } from "../../proto/ids.ts";

const UID = 65_534;
const MINIMAL = { teamId: ZERO_UUID, templateId: ZERO_UUID };
const BUILD_MS = 15 * 60_000;

let layout: Layout;

beforeAll(async () => {
  const parent = await mkdtemp(join(tmpdir(), "wrenn-images-"));
  await chmod(parent, 0o755);
  layout = await openLayout(join(parent, "data"));
});

afterAll(async () => {
  await detachUnder(layout.root);
  await rm(join(layout.root, ".."), { recursive: true, force: true });
});

const check = async (path: string): Promise<string> => run(["qemu-img", "check", "-q", path]);
const readThrough = async (path: string): Promise<string> =>
  run(["qemu-io", "-r", "-f", "qcow2", "-c", "read -v 0 16", path]);
const writeInto = async (path: string, pattern: string, offset: string): Promise<string> =>
  run(["qemu-io", "-f", "qcow2", "-c", `write -P ${pattern} ${offset} 64k`, path]);

/** Runs a script in a process of its own until it prints `until`, then kills it as a crash would. */
const killWhen = async (until: string, script: string): Promise<void> => {
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  let text = "";
  for await (const piece of child.stdout) {
    text += new TextDecoder().decode(piece);
    if (text.includes(until)) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
};

const agentModule = (name: string): string =>
  JSON.stringify(join(import.meta.dir, "../../agent/images", name));

const processesUnder = async (directory: string): Promise<string[]> => {
  const found: string[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line.includes(directory)) found.push(line.replaceAll("\0", " "));
  }
  return found;
};

describe("the root file system of minimal", () => {
  test(
    "a build whose agent is killed ends with it and leaves nothing to use",
    async () => {
      await killWhen(
        "extracting archives",
        `import { createLayout } from ${agentModule("layout.ts")};
       import { ensureMinimalImage } from ${agentModule("minimal.ts")};
       await ensureMinimalImage(createLayout(${JSON.stringify(layout.root)}), (step) => console.log(step));`,
      );
      const deadline = Date.now() + 10_000;
      while ((await processesUnder(layout.staging)).length > 0 && Date.now() < deadline) await Bun.sleep(50);
      expect(await processesUnder(layout.staging)).toEqual([]);
      expect(await readFile("/proc/self/mounts", "utf8")).not.toContain(layout.staging);
      expect(await readdir(layout.cache)).toEqual([]);
      await emptyStaging(layout);
      expect(await readdir(layout.staging)).toEqual([]);
    },
    BUILD_MS,
  );

  test(
    "is built with progress, once; the second call takes milliseconds",
    async () => {
      const images = createHostImages({
        layout,
        layers: createLayerStore(layout),
        agentPath: process.execPath,
        emulated: true,
      });
      const fractions: number[] = [];
      const layer = await images.buildMinimalLayer((_step, fraction) => fractions.push(fraction));
      expect(isDigest(layer)).toBe(true);
      expect(fractions.length).toBeGreaterThan(100);
      expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
      expect(fractions.at(-1)).toBe(1);
      expect(await readdir(layout.staging)).toEqual([]);

      const path = layout.layer(layer);
      expect((await stat(path)).mode & 0o777).toBe(0o444);
      await run(["e2fsck", "-f", "-n", path]);
      const look = (request: string) => run(["debugfs", "-R", request, path]);
      for (const program of ["bash", "sudo", "ps", "mount", "curl", "git", "python3", "python"]) {
        expect([program, await look(`stat /usr/bin/${program}`)]).toEqual([
          program,
          expect.stringContaining("Inode:"),
        ]);
      }
      expect(await look("cat /etc/passwd")).toContain("user:x:1000:1000::/home/user:/bin/bash");
      expect(await look("cat /etc/sudoers.d/user")).toContain("NOPASSWD");

      const startedAt = performance.now();
      expect(await images.buildMinimalLayer(() => undefined)).toBe(layer);
      // it only checks the content's digest again
      expect(performance.now() - startedAt).toBeLessThan(10_000);
    },
    BUILD_MS,
  );
});

describe("boot files", () => {
  test(
    "kernel and drive are named by their content and readable by jailed uids",
    async () => {
      const options = { layout, agentPath: process.execPath, emulated: true };
      const made = await ensureBootFiles(options);
      expect(isDigest(made.kernelDigest)).toBe(true);
      expect(isDigest(made.guestDriveDigest)).toBe(true);
      for (const path of [made.kernel.imagePath, made.kernel.initrdPath, made.guestDrivePath]) {
        expect((await stat(path)).mode & 0o777).toBe(0o444);
      }
      await run(["e2fsck", "-f", "-n", made.guestDrivePath]);
      expect(await ensureBootFiles(options)).toEqual({ ...made, downloadMs: 0 });

      const images = createHostImages({ ...options, layers: createLayerStore(layout) });
      const old = "ab".repeat(32);
      const kept = "cd".repeat(32);
      for (const digest of [old, kept]) {
        await writeFile(layout.drive(digest), "");
        await mkdir(layout.kernelDirectory(digest));
        for (const path of [layout.drive(digest), layout.kernelDirectory(digest)]) await utimes(path, 0, 0);
      }
      await images.sweepBootFiles(new Set([kept]));
      expect(await images.bootFiles(made.kernelDigest, made.guestDriveDigest)).toMatchObject({
        kernel: made.kernel,
      });
      expect((await readdir(layout.drives)).sort()).toEqual(
        [kept, made.guestDriveDigest].map((name) => `${name}.ext4`).sort(),
      );
      expect((await readdir(layout.kernels)).sort()).toEqual([kept, made.kernelDigest].sort());
      const missing = await images.bootFiles(old, old).catch((error: unknown) => error);
      expect(missing).toBeInstanceOf(BootFilesMissing);
    },
    BUILD_MS,
  );
});

describe("layers", () => {
  const base = async () => {
    const raw = join(layout.cache, "base.raw");
    await rm(raw, { force: true });
    await writeFile(raw, Buffer.alloc(4 << 20, "base"));
    return createLayerStore(layout).adoptRaw(raw);
  };

  test("stand on each other, freeze, flatten and are swept", async () => {
    const layers = createLayerStore(layout);
    const { signal } = new AbortController();
    const bottom = await base();
    const first = await layers.create([bottom], { diskSizeMb: 64, uid: UID });
    expect((await stat(layers.path(first))).uid).toBe(UID);
    expect((await stat(layers.path(first))).mode & 0o777).toBe(0o600);
    await writeInto(layers.path(first), "0x41", "1M");
    await layers.freeze(first);
    expect((await stat(layers.path(first))).mode & 0o777).toBe(0o444);
    const second = await layers.create([bottom, first], { diskSizeMb: 128, uid: UID });
    await writeInto(layers.path(second), "0x42", "100M");

    const flat = await layers.flatten([bottom, first, second], { keep: 0, signal });
    const above = await layers.flatten([bottom, first, second], { keep: 1, signal });
    for (const layer of [first, second, flat, above]) await check(layers.path(layer));
    const same = ["qemu-img", "compare", "-q", layers.path(second)];
    await run([...same, layers.path(above)], { timeoutMs: 60_000 });
    expect(await run(["qemu-img", "info", layers.path(above)])).toContain(`backing file: ${bottom}.raw`);
    expect(await layers.sizeBytes(above)).toBeLessThan(4 << 20);
    const late = layers.flatten([bottom, first], { keep: 1, signal: AbortSignal.abort() });
    await expect(late).rejects.toThrow("abort");
    await run([...same, layers.path(flat)], { timeoutMs: 60_000 });
    expect(await run(["qemu-img", "info", layers.path(flat)])).not.toContain("backing file");
    expect(await layers.sizeBytes(flat)).toBeLessThan(16 << 20);

    await layers.sweep(new Set([bottom, first]));
    expect((await readdir(layout.layers)).sort()).toEqual([`${bottom}.raw`, `${first}.qcow2`].sort());
    await layers.remove(first);
    await layers.remove(first);
    expect(
      await readThrough(layers.path(await layers.create([bottom], { diskSizeMb: 4, uid: 0 }))),
    ).toContain("base");
  });

  test("a disk that would shrink is refused and leaves nothing", async () => {
    const layers = createLayerStore(layout);
    const bottom = await base();
    const before = await readdir(layout.layers);
    expect(
      await layers.create([bottom], { diskSizeMb: 3, uid: UID }).catch((error: unknown) => error),
    ).toBeInstanceOf(DiskTooSmall);
    expect(await readdir(layout.layers)).toEqual(before);
  });

  test("a raw image is taken in once", async () => {
    expect(await base()).toBe(await base());
  });
});

describe("templates", () => {
  const fill =
    (layer: string) =>
    async (directory: string): Promise<TemplateManifest> => {
      const memory = join(directory, "memory");
      const deviceState = join(directory, "device-state");
      await writeFile(memory, Buffer.alloc(1 << 20, "m"));
      await writeFile(deviceState, "state");
      return {
        version: 1,
        type: "base",
        name: "minimal",
        vcpus: 1,
        memoryMb: 1,
        diskSizeMb: 64,
        runtimeId: "runtime",
        kernelDigest: "k",
        guestDriveDigest: "d",
        agentVersion: "1",
        layers: [layer],
        memory: { fileName: "memory", digest: await digestFile(memory), sizeBytes: 1 << 20 },
        deviceState: { fileName: "device-state", digest: await digestFile(deviceState) },
        createdAt: new Date().toISOString(),
      };
    };

  const setUp = async () => {
    const layers = createLayerStore(layout);
    const raw = join(layout.cache, "template.raw");
    await rm(raw, { force: true });
    await writeFile(raw, Buffer.alloc(1 << 20, "t"));
    return { layers, layer: await layers.adoptRaw(raw) };
  };

  test("are published whole, found again by the next agent, and removed without a trace", async () => {
    const { layers, layer } = await setUp();
    const store = createTemplateStore(layout, layers);
    expect(await store.open(MINIMAL)).toBeNull();
    const template = await store.publish(MINIMAL, fill(layer));
    try {
      expect(template.baseMemoryPath).toStartWith("/dev/wrenn-loop");
      expect(await run(["blockdev", "--getro", template.baseMemoryPath])).toBe("1\n");
      expect(await store.publish(MINIMAL, fill(layer)).catch((error: unknown) => error)).toMatchObject({
        message: expect.stringContaining("already"),
      });

      const next = createTemplateStore(layout, layers);
      const again = await next.open(MINIMAL);
      expect(again).toEqual(template);
      expect(await next.list()).toMatchObject([{ ...MINIMAL, manifest: { name: "minimal" } }]);
    } finally {
      await store.remove(MINIMAL);
      await store.remove(MINIMAL);
    }
    expect(await store.open(MINIMAL)).toBeNull();
    expect(await store.list()).toEqual([]);
    expect(await readdir(layout.staging)).toEqual([]);
    expect(await run(["losetup", "--list"])).not.toContain(layout.root);
    expect(await stat(template.baseMemoryPath).catch((error: unknown) => error)).toMatchObject({
      code: "ENOENT",
    });
  });

  test("one that cannot be read is told of, never taken for absent", async () => {
    const { layers, layer } = await setUp();
    const store = createTemplateStore(layout, layers);
    await store.publish(MINIMAL, fill(layer));
    const manifest = join(layout.templateDirectory(ZERO_UUID, ZERO_UUID), "manifest.json");
    const kept = await readFile(manifest);
    try {
      expect(await store.listDamaged()).toEqual([]);
      await writeFile(manifest, JSON.stringify({ ...JSON.parse(kept.toString()), version: 2 }));
      expect(await store.list()).toEqual([]);
      expect(await store.listDamaged()).toEqual([MINIMAL]);

      await rm(manifest);
      await mkdir(manifest);
      expect(await store.list().catch((error: unknown) => error)).toMatchObject({ code: "EISDIR" });
      await rename(layout.templates, `${layout.templates}.aside`);
      await writeFile(layout.templates, "");
      try {
        expect(await store.list().catch((error: unknown) => error)).toMatchObject({ code: "ENOTDIR" });
      } finally {
        await rm(layout.templates);
        await rename(`${layout.templates}.aside`, layout.templates);
      }
    } finally {
      await store.remove(MINIMAL);
    }
  });

  test("a device whose file is gone goes at the next start, others stay", async () => {
    const paths = ["gone.mem", "kept.mem"].map((name) => join(layout.staging, name));
    const nodes = [];
    for (const path of paths) {
      await writeFile(path, Buffer.alloc(1 << 20));
      nodes.push(await attachReadOnly(path, UID));
    }
    const [gone = "", kept = ""] = paths;
    try {
      await rm(gone);
      await detachDeleted(layout.root);
      const left = await run(["losetup", "--list"]);
      expect(left).not.toContain(gone);
      expect(left).toContain(kept);
      expect(existsSync(nodes[0] ?? "")).toBe(false);
      expect(existsSync(nodes[1] ?? "")).toBe(true);
    } finally {
      await detachUnder(layout.root);
      await rm(kept);
    }
  });

  test("a build that fails leaves nothing", async () => {
    const { layers } = await setUp();
    const store = createTemplateStore(layout, layers);
    const failing = store.publish(MINIMAL, async (directory) => {
      await writeFile(join(directory, "memory"), "half");
      throw new Error("the build failed");
    });
    expect(await failing.catch((error: unknown) => error)).toMatchObject({
      message: expect.stringContaining("the build failed"),
    });
    expect(await store.open(MINIMAL)).toBeNull();
    expect(await readdir(layout.staging)).toEqual([]);
  });

  test("a build whose agent is killed leaves nothing that the next start sees", async () => {
    await killWhen(
      "half written",
      `import { writeFile } from "node:fs/promises";
       import { createLayerStore } from ${agentModule("layers.ts")};
       import { createLayout } from ${agentModule("layout.ts")};
       import { createTemplateStore } from ${agentModule("templates.ts")};
       const layout = createLayout(${JSON.stringify(layout.root)});
       await createTemplateStore(layout, createLayerStore(layout)).publish(${JSON.stringify(MINIMAL)}, async (directory) => {
         await writeFile(directory + "/memory", "half");
         console.log("half written");
         await new Promise(() => setTimeout(() => {}, 60_000));
       });`,
    );
    expect((await readdir(layout.staging)).length).toBe(1);
    const { layers } = await setUp();
    expect(await createTemplateStore(layout, layers).list()).toEqual([]);
    await emptyStaging(layout);
    expect(await readdir(layout.staging)).toEqual([]);
  });

  test.each(["memory", "device-state", "manifest.json"])("a damaged %s is refused", async (fileName) => {
    const { layers, layer } = await setUp();
    await createTemplateStore(layout, layers).publish(MINIMAL, fill(layer));
    const store = createTemplateStore(layout, layers);
    try {
      const path = join(layout.templateDirectory(ZERO_UUID, ZERO_UUID), fileName);
      const content = await Bun.file(path).bytes();
      content[100 % content.length] = 0xff;
      await writeFile(path, content);
      expect(await store.open(MINIMAL).catch((error: unknown) => error)).toBeInstanceOf(TemplateDamaged);
    } finally {
      await store.remove(MINIMAL);
    }
  });
});
