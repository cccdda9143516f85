/** The VM runtime against real QEMU machines: what is saved comes back, what is damaged is refused. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync, readlinkSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { digestFile } from "../../agent/system/digest.ts";
import { run } from "../../agent/system/exec.ts";
import { chooseAccelerator, probeBoot } from "../../agent/vm/accelerator.ts";
import { countPages } from "../../agent/vm/page-runs.ts";
import { probeInitrd } from "../../agent/vm/probe-initrd.ts";
import { createQemuRuntime } from "../../agent/vm/qemu.ts";
import { EMPTY_DIFF_DIGEST, SnapshotRefused, VmFailed } from "../../agent/vm/runtime.ts";
import type { SavedMemory, Vm, VmRecord, VmSpec } from "../../agent/vm/runtime.ts";
import { endStrays, findVmProcesses } from "../../agent/vm/strays.ts";
import { MEMORY_MB, openBench, testSettings, until } from "./microvm.ts";
import type { Bench } from "./microvm.ts";

const settings = await testSettings();
const identity = { ...settings, qemuVersion: "7.2", cpuModel: "max" };
const runtime = createQemuRuntime(identity);
let bench: Bench;
/** A guest that was booted once: most tests start from it, which takes a tenth of a boot. */
let template: { saved: SavedMemory; baseMemoryPath: string };

beforeAll(async () => {
  bench = await openBench();
  const saved = await pause(await boot(bench.spec("template")), "template");
  const base = join(bench.directory, "template.mem");
  copyFileSync(saved.diffPath, base);
  truncateSync(base, MEMORY_MB << 20);
  const untouched = { ...saved, runs: [], diffPath: "/nowhere", diffDigest: EMPTY_DIFF_DIGEST };
  template = { saved: untouched, baseMemoryPath: await bench.device(base) };
}, 180_000);
afterEach(() => bench.endAll());
afterAll(() => bench.dispose());

const answering = (): Promise<string> => until("the guest answers", () => bench.ask("echo ok", 2_000));

const boot = async (spec: VmSpec): Promise<Vm> => {
  const vm = await runtime.boot(spec);
  await answering();
  return vm;
};

/** What a guest made from the template is started with. */
const cloneSpec = (name: string): VmSpec => bench.spec(name, { baseMemoryPath: template.baseMemoryPath });

const clone = async (spec: VmSpec): Promise<Vm> => {
  const vm = await runtime.restore(spec, template.saved);
  await vm.resume();
  await answering();
  return vm;
};

const savedFiles = (name: string) => ({
  diffPath: join(bench.directory, "saved", `${name}.diff`),
  deviceStatePath: join(bench.directory, "saved", `${name}.device`),
});

const pause = async (vm: Vm, name: string): Promise<SavedMemory> => {
  await vm.stop();
  const saved = await vm.save(savedFiles(name));
  await vm.quit();
  return saved;
};

const count = async (): Promise<number> => Number(await bench.ask("cat /count"));

describe("memory", () => {
  test("survives any number of pauses, and the guest goes on where it was", async () => {
    const spec = bench.spec("cycles");
    let vm = await boot(spec);
    expect(await vm.console()).toContain("guest-is-up");
    await bench.ask("head -c 20000000 /dev/urandom > /random");
    const sum = await bench.ask("md5sum /random");
    let pages = 0;
    for (let cycle = 0; cycle < 4; cycle++) {
      const before = await count();
      const saved = await pause(vm, "cycles");
      // Pages once written stay in the diff; beyond that it must not grow with the cycles.
      if (cycle > 0) expect(countPages(saved.runs)).toBeLessThan(pages + 2_000);
      pages = countPages(saved.runs);
      vm = await runtime.restore(spec, saved);
      expect(await vm.isRunning()).toBe(false);
      await vm.resume();
      await answering();
      expect(await count()).toBeGreaterThanOrEqual(before);
      expect(await bench.ask("md5sum /random")).toBe(sum);
    }
    await vm.quit();
  });

  test("of a template is shared by its clones and never changed by them", async () => {
    const base = join(bench.directory, "template.mem");
    const digest = await digestFile(base);
    for (const round of ["first", "second"]) {
      const vm = await clone(cloneSpec("clone"));
      await bench.ask("echo changed > /changed");
      const diff = await pause(vm, round);
      expect(countPages(diff.runs) * 4096).toBeLessThan((statSync(base).blocks * 512) / 4);
    }
    expect(await digestFile(base)).toBe(digest);
  });

  test("of a running guest is not saved, and a full disk leaves it able to go on", async () => {
    const vm = await clone(cloneSpec("full"));
    const refusal = await vm.save(savedFiles("full")).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: "VmFailed", code: "not_stopped" });
    const small = join(bench.directory, "small");
    await run(["mkdir", small]);
    await run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", small]);
    try {
      await vm.stop();
      const target = { diffPath: join(small, "diff"), deviceStatePath: join(small, "device") };
      const failure = await vm.save(target).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "VmFailed", code: "disk_full" });
    } finally {
      await run(["umount", small]);
    }
    await vm.resume();
    await answering();
  });
});

describe("a damaged snapshot is refused and leaves no process", () => {
  let spec: VmSpec;
  let saved: SavedMemory;
  beforeAll(async () => {
    spec = cloneSpec("damaged");
    saved = await pause(await clone(spec), "damaged");
  }, 60_000);

  const flip = (path: string, offset: number): string => {
    const damaged = `${path}.bad`;
    copyFileSync(path, damaged);
    const bytes = readFileSync(damaged);
    bytes[offset] = (bytes[offset] ?? 0) ^ 1;
    writeFileSync(damaged, bytes);
    return damaged;
  };
  const cut = (path: string): string => {
    const damaged = `${path}.cut`;
    copyFileSync(path, damaged);
    truncateSync(damaged, statSync(damaged).size - 4096);
    return damaged;
  };
  const lastPage = () => (saved.runs.at(-1)?.[0] ?? 0) * 4096;

  test.each<[string, () => Partial<SavedMemory>]>([
    ["one bit of the memory", () => ({ diffPath: flip(saved.diffPath, lastPage() + 17) })],
    ["memory cut short", () => ({ diffPath: cut(saved.diffPath) })],
    ["no memory file", () => ({ diffPath: "/nowhere" })],
    ["a page list that misses a page", () => ({ runs: saved.runs.slice(1) })],
    ["a page list beyond the memory", () => ({ runs: [...saved.runs, [1 << 30, 1]] })],
    ["one bit of the device state", () => ({ deviceStatePath: flip(saved.deviceStatePath, 4_000) })],
    ["no device state", () => ({ deviceStatePath: "/nowhere" })],
  ])("%s", async (_what, damage) => {
    const failure = await runtime.restore(spec, { ...saved, ...damage() }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SnapshotRefused);
    expect(findVmProcesses(bench.directory)).toEqual([]);
  });

  test("device state of another machine, though its checksum is right", async () => {
    const disks = [{ path: await bench.disk("other"), format: "qcow2" as const, readOnly: false }];
    const other = await pause(await boot({ ...spec, disks }), "other");
    const failure = await runtime.restore(spec, other).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(SnapshotRefused);
    expect(findVmProcesses(bench.directory)).toEqual([]);
  });

  test("undamaged, the same snapshot still loads", async () => {
    const vm = await runtime.restore(spec, saved);
    await vm.resume();
    await answering();
  });
});

describe("the process", () => {
  test("runs in its jail", async () => {
    const spec = cloneSpec("jail");
    const vm = await clone(spec);
    const proc = (name: string) => readFileSync(`/proc/${vm.record.pid}/${name}`, "utf8");
    const status = proc("status");
    expect(status).toMatch(new RegExp(`^Uid:\\s+${spec.jail.uid}\\s+${spec.jail.uid}`, "m"));
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    expect(proc("oom_score_adj").trim()).toBe("600");
    // Of all that a core file would hold, guest memory is left out ("dd").
    const memory = proc("smaps").split(spec.baseMemoryPath)[1] ?? "";
    expect(/^VmFlags:.*$/m.exec(memory)?.[0]).toMatch(/ dd( |$)/);
    expect(proc("environ")).not.toContain("WRENN");
    expect(readlinkSync(`/proc/${vm.record.pid}/ns/net`)).not.toBe(readlinkSync("/proc/self/ns/net"));
    expect(statSync(spec.directory).uid).toBe(0);
    expect(statSync(spec.directory).mode & 0o777).toBe(0o700);
  });

  test("killed from outside is seen, with the signal", async () => {
    const vm = await clone(cloneSpec("killed"));
    process.kill(vm.record.pid, "SIGKILL");
    const exit = await vm.exited;
    expect(exit.reason).toBe("vm_died");
    expect(exit.detail).toContain("SIGKILL");
    const failure = await vm.stop().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "VmFailed", code: "control_lost" });
  });

  test("ends when the guest powers itself off, and says so", async () => {
    const vm = await clone(cloneSpec("poweroff"));
    await bench.ask("(sleep 0.1; poweroff -f) &", 2_000);
    expect((await vm.exited).detail).toContain("powered itself off");
  });

  test("that cannot start gives QEMU's own words and leaves nothing", async () => {
    const disks = [
      { path: join(bench.directory, "missing.qcow2"), format: "qcow2" as const, readOnly: false },
    ];
    const failure = await runtime.boot(bench.spec("bad", { disks })).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(VmFailed);
    expect(failure).toMatchObject({ code: "start_failed" });
    expect(String(failure)).toContain("missing.qcow2");
    expect(findVmProcesses(bench.directory)).toEqual([]);
  });
});

describe("a VM that outlives its agent", () => {
  /** Starts a VM in a process that is then killed without warning. */
  const orphan = async (spec: VmSpec): Promise<VmRecord> => {
    const script = `import { createQemuRuntime } from ${JSON.stringify(join(import.meta.dir, "../../agent/vm/qemu.ts"))};
      const runtime = createQemuRuntime(${JSON.stringify(identity)});
      const [spec, saved] = JSON.parse(process.argv[1]);
      const vm = await runtime.restore(spec, saved);
      await vm.resume();
      console.log(JSON.stringify(vm.record));
      setInterval(() => {}, 1000);`;
    const parent = Bun.spawn([process.execPath, "-e", script, JSON.stringify([spec, template.saved])], {
      stdout: "pipe",
    });
    const { value } = await parent.stdout.getReader().read();
    const record: VmRecord = JSON.parse(Buffer.from(value ?? []).toString());
    parent.kill("SIGKILL");
    await parent.exited;
    return record;
  };

  test("is adopted, can be saved, resumed and ended", async () => {
    const spec = cloneSpec("orphan");
    const record = await orphan(spec);
    const vm = await runtime.adopt(record);
    if (vm === null) throw new Error("the VM did not survive its agent");
    expect(await vm.isRunning()).toBe(true);
    await answering();
    const saved = await pause(vm, "orphan");
    expect(await runtime.adopt(record)).toBeNull();
    const again = await runtime.restore(spec, saved);
    await again.resume();
    await answering();
  });

  test("is seen to die", async () => {
    const record = await orphan(cloneSpec("orphan2"));
    const vm = await runtime.adopt(record);
    process.kill(record.pid, "SIGKILL");
    expect((await vm?.exited)?.reason).toBe("vm_died");
  });

  test("is not mistaken for another process with its pid", async () => {
    const vm = await clone(cloneSpec("reused"));
    expect(await runtime.adopt({ ...vm.record, startTicks: vm.record.startTicks - 1 })).toBeNull();
    expect(await vm.isRunning()).toBe(true);
  });

  test("is swept when no journal speaks for it, loaded or not", async () => {
    const loaded = await runtime.restore(cloneSpec("unknown"), template.saved);
    const kept = new Set([loaded.record.pid]);
    expect(await endStrays({ root: bench.directory, keepPids: kept })).toBe(0);
    expect(await loaded.isRunning()).toBe(false);
    expect(await endStrays({ root: bench.directory, keepPids: new Set() })).toBe(1);
    expect((await loaded.exited).reason).toBe("vm_died");
  });
});

describe("disks", () => {
  test("go on in a new overlay, and the old one stays as it was", async () => {
    const first = await bench.disk("first");
    const spec = bench.spec("overlay", { disks: [{ path: first, format: "qcow2", readOnly: false }] });
    const vm = await boot(spec);
    const put = (text: string, block: number) =>
      bench.ask(
        `printf ${text} | dd of=/dev/vda bs=512 seek=${block} conv=fsync,notrunc 2>/dev/null; echo done`,
      );
    expect(await put("before", 0)).toBe("done");
    const second = await bench.disk("second", first);
    await vm.stop();
    await vm.switchOverlay(second);
    await vm.resume();
    const digest = await digestFile(first);
    expect(await put("after-", 0)).toBe("done");
    const saved = await pause(vm, "overlay");
    expect(await digestFile(first)).toBe(digest);
    const disks = [{ path: second, format: "qcow2" as const, readOnly: false }];
    const restored = await runtime.restore({ ...spec, disks }, saved);
    await restored.resume();
    const read = "dd if=/dev/vda bs=6 count=1 iflag=direct,fullblock 2>/dev/null || head -c 6 /dev/vda";
    expect(await until("the disk is read", () => bench.ask(read))).toBe("after-");
  });

  test("on a full host freeze the guest, which goes on when there is space again", async () => {
    const small = join(bench.directory, "small-disk");
    await run(["mkdir", small]);
    await run(["mount", "-t", "tmpfs", "-o", "size=2M,mode=711", "tmpfs", small]);
    try {
      const path = await bench.disk("small-disk/full");
      const vm = await boot(bench.spec("enospc", { disks: [{ path, format: "qcow2", readOnly: false }] }));
      const written = bench.ask("dd if=/dev/zero of=/dev/vda bs=1M count=8 conv=fsync 2>&1", 30_000);
      await until("the guest is frozen", async () => !(await vm.isRunning()));
      await run(["mount", "-o", "remount,size=64M", small]);
      expect(await written).toContain("8+0 records out");
      await vm.quit();
    } finally {
      await run(["umount", "--lazy", small]);
    }
  });

  test("are named in the order given", async () => {
    const disks = await Promise.all(
      ["a", "b", "c"].map(async (name) => ({
        path: await bench.disk(name),
        format: "qcow2" as const,
        readOnly: name !== "a",
      })),
    );
    await boot(bench.spec("order", { disks }));
    await bench.ask("mkdir -p /sys; mount -t sysfs s /sys");
    expect(await bench.ask("cat /sys/block/vda/ro /sys/block/vdb/ro /sys/block/vdc/ro")).toBe("0\n1\n1");
  });
});

describe("the accelerator", () => {
  const initrd = (content: Uint8Array): string => {
    const path = join(bench.directory, `probe-${crypto.randomUUID()}`);
    writeFileSync(path, content);
    return path;
  };

  test("counts as working only when a guest reaches user space", async () => {
    const probe = (content: Uint8Array) =>
      probeBoot(settings, { imagePath: bench.kernelPath, initrdPath: initrd(content), timeoutMs: 60_000 });
    expect(await probe(probeInitrd())).toBe(true);
    // The kernel panics without an init, and resets.
    expect(await probe(new Uint8Array(0))).toBe(false);
  });

  test("is chosen once per boot, kernel and QEMU", async () => {
    const cachePath = join(bench.directory, "accelerator.json");
    const options = {
      kernel: { imagePath: bench.kernelPath, digest: "digest" },
      qemuVersion: "7.2",
      cachePath,
      scratchDirectory: bench.directory,
    };
    const chosen = await chooseAccelerator({ ...options, mode: "auto" });
    expect(["kvm", "tcg"]).toContain(chosen);
    const kept: { question: string; kvmWorks: boolean } = JSON.parse(readFileSync(cachePath, "utf8"));
    // The kept answer is taken, and for this question only.
    writeFileSync(cachePath, JSON.stringify({ ...kept, kvmWorks: true }));
    expect(await chooseAccelerator({ ...options, mode: "auto" })).toBe("kvm");
    writeFileSync(cachePath, JSON.stringify({ ...kept, kvmWorks: false }));
    const refusal = await chooseAccelerator({ ...options, mode: "kvm" }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ name: "VmFailed", code: "accelerator_missing" });
    expect(await chooseAccelerator({ ...options, mode: "tcg" })).toBe("tcg");
    writeFileSync(cachePath, "{ damaged");
    expect(await chooseAccelerator({ ...options, mode: "auto" })).toBe(chosen);
  });
});
