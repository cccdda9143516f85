/** A snapshot's way from one real agent to another: whole or not at all, and nothing sent twice. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { access, cp, mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { create } from "@bufbuild/protobuf";

import { createLayout } from "../../agent/images/layout.ts";
import { digestFile } from "../../agent/system/digest.ts";
import { run } from "../../agent/system/exec.ts";
import {
  ExportPlanSchema,
  type ExportTemplateResponse,
  ExportTemplateResponseSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { newId } from "../../proto/ids.ts";
import { agentExecutable, makeDirectory } from "../support/agent-directory.ts";
import { buildMinimal, TestAgent } from "../support/agent.ts";
import { createSandbox, shell, TEAM } from "../support/sandboxes.ts";
import {
  copyMessages,
  copyTemplate,
  Gate,
  importInto,
  planMessage,
  readPlan,
  type TemplateKey,
} from "../support/template-copy.ts";
import { waitFor } from "../support/wait-for.ts";

const BOOT_MS = 300_000;

let source: TestAgent;
let target: TestAgent;

/** A WRENN_DIR whose `minimal` has another root image and drive, as on a second machine. */
const directoryOfAnotherMachine = async (like: string): Promise<string> => {
  const directory = await makeDirectory("other");
  await cp(join(like, "kernels"), join(directory, "kernels"), { recursive: true });
  await mkdir(join(directory, "cache"));
  for (const name of await readdir(join(like, "cache"))) {
    if (!name.startsWith("minimal-") && !name.startsWith("kernel")) continue;
    await cp(join(like, "cache", name), join(directory, "cache", name), { recursive: true });
    if (name.endsWith(".raw")) await run(["tune2fs", "-U", "random", join(directory, "cache", name)]);
  }
  await buildMinimal(directory, await agentExecutable());
  return directory;
};

/** A snapshot of a sandbox in which a counter runs. */
const makeSnapshot = async (): Promise<TemplateKey> => {
  const sandboxId = await createSandbox(source);
  const counter = "(n=0; while :; do n=$((n+1)); echo $n >/tmp/count; sleep 0.1; done) & sleep 1";
  await shell(source, sandboxId, `(${counter}) >/dev/null 2>&1 </dev/null`);
  const key = { teamId: TEAM, templateId: newId() };
  await source.host.createSnapshot({ sandboxId, template: { ...key, template: "counting" } });
  await source.host.destroySandbox({ sandboxId });
  return key;
};

beforeAll(async () => {
  source = await TestAgent.start();
  const directory = await directoryOfAnotherMachine(source.directory);
  target = await TestAgent.start({ directory });
}, BOOT_MS);

afterAll(async () => {
  await source[Symbol.asyncDispose]();
  await target[Symbol.asyncDispose]();
});

const holds = async (agent: TestAgent, { templateId }: TemplateKey): Promise<boolean> =>
  (await agent.host.listTemplates({})).templates.some(({ ref }) => ref?.templateId === templateId);

/** What the target has on disk of templates and what they stand on. */
const filesOf = async ({ directory }: TestAgent): Promise<string[]> => {
  const { layers, drives, kernels, staging, templates } = createLayout(directory);
  const found: string[] = [];
  for (const folder of [layers, drives, kernels, staging, templates]) {
    for (const entry of await readdir(folder, { recursive: true })) found.push(join(folder, entry));
  }
  return found.sort();
};

const count = async (agent: TestAgent, sandboxId: string) =>
  Number((await shell(agent, sandboxId, "cat /tmp/count")).stdout);

const refusalOf = (answer: Response) => [answer.status, answer.headers.get(HOST_ERROR_HEADER)];

const message = (part: ExportTemplateResponse["part"]): ExportTemplateResponse =>
  create(ExportTemplateResponseSchema, { part });

test(
  "a process of the snapshot goes on in a sandbox of a host with another root image",
  async () => {
    const template = await makeSnapshot();
    const plan = await readPlan(source, template);
    const missing = await target.host.listMissingFiles({ template, plan });
    // Kernels are equal where the packages are; everything else is this machine's own.
    expect(missing.names).toEqual(
      plan.files.map(({ name }) => name).filter((name) => !name.startsWith("kernels/")),
    );
    const answer = await copyTemplate(source, target, template);
    expect([answer.status, await answer.json()]).toEqual([
      200,
      { name: "counting", runtime_id: plan.runtimeId },
    ]);
    expect(await holds(target, template)).toBe(true);

    const sandboxId = await createSandbox(target, { template });
    const before = await count(target, sandboxId);
    expect(before).toBeGreaterThan(3);
    await waitFor("the counter to go on", async () => (await count(target, sandboxId)) > before);
    // What the guest has in memory of its file systems fits what it reads of them now.
    const readAll =
      "find / /opt/wrenn -xdev -type f -print0 | xargs -0 cat >/dev/null; dmesg | grep -i 'ext4.*err'";
    expect((await shell(target, sandboxId, readAll, 120_000)).stdout).toBe("");
    await target.host.destroySandbox({ sandboxId });
  },
  BOOT_MS,
);

test("what is there already is not sent again, and holes cost nothing", async () => {
  const template = await makeSnapshot();
  const sent = { bytes: 0, files: [] as string[] };
  const counted = async function* () {
    for await (const one of copyMessages(source, target, template)) {
      if (one.part.case === "file") sent.files.push(one.part.value.name);
      if (one.part.case === "data") sent.bytes += one.part.value.byteLength;
      if (one.part.case === "compressed") sent.bytes += one.part.value.zstd.byteLength;
      yield one;
    }
  };
  expect((await importInto(target, template, counted())).status).toBe(200);
  const [, lastLayer = ""] = sent.files;
  expect(sent.files).toEqual(["manifest.json", lastLayer, "device-state", "memory"]);
  expect(lastLayer).toMatch(/^layers\/[0-9a-f-]{36}$/);

  const memory = join(createLayout(target.directory).templateDirectory(TEAM, template.templateId), "memory");
  const original = join(
    createLayout(source.directory).templateDirectory(TEAM, template.templateId),
    "memory",
  );
  const [copied, first] = [await stat(memory), await stat(original)];
  expect(copied.size).toBe(512 * 2 ** 20);
  expect(copied.blocks).toBeLessThanOrEqual(first.blocks);
  expect(sent.bytes).toBeLessThan(first.blocks * 512);

  const plan = await readPlan(source, template);
  expect(await target.host.listMissingFiles({ template, plan })).toMatchObject({ present: true, names: [] });
});

describe("a copy that is cut short", () => {
  /** Begins a copy that waits in front of the memory. */
  const begin = async (signal?: AbortSignal) => {
    const template = await makeSnapshot();
    const before = await filesOf(target);
    const gate = new Gate();
    const messages = gate.pass(copyMessages(source, target, template));
    const answer = importInto(target, template, messages, signal === undefined ? {} : { signal });
    answer.catch(() => {});
    await gate.reached;
    expect(await filesOf(target)).not.toEqual(before);
    expect(await holds(target, template)).toBe(false);
    return { template, before, gate, answer };
  };

  const nothingIsLeft = async (template: TemplateKey, before: string[]) => {
    await waitFor("nothing to be left", async () => Bun.deepEquals(await filesOf(target), before));
    expect(await holds(target, template)).toBe(false);
    expect((await copyTemplate(source, target, template)).status).toBe(200);
  };

  test("by the target's end", async () => {
    const { template, before } = await begin();
    await target.crash();
    await target.launch();
    await nothingIsLeft(template, before);
  }, 120_000);

  test("by the source's end", async () => {
    const { template, before, gate, answer } = await begin();
    await source.crash();
    gate.open();
    await expect(answer).rejects.toThrow();
    await source.launch();
    await nothingIsLeft(template, before);
  }, 120_000);

  test("by the end of the server between them", async () => {
    const stop = new AbortController();
    const { template, before, answer } = await begin(stop.signal);
    stop.abort();
    await expect(answer).rejects.toThrow();
    await nothingIsLeft(template, before);
  }, 120_000);

  test("by the template's deletion on the target", async () => {
    const { template, before, gate, answer } = await begin();
    await target.host.deleteTemplate({ template });
    gate.open();
    expect(refusalOf(await answer)).toEqual([404, "template_not_found"]);
    await nothingIsLeft(template, before);
  }, 120_000);

  test("by the template's deletion on the source", async () => {
    const { template, before, gate, answer } = await begin();
    await source.host.deleteTemplate({ template });
    gate.open();
    await expect(answer).rejects.toThrow();
    await waitFor("nothing to be left", async () => Bun.deepEquals(await filesOf(target), before));
  }, 120_000);
});

test("two copies of the same template at once become one", async () => {
  const template = await makeSnapshot();
  const gate = new Gate();
  const first = importInto(target, template, gate.pass(copyMessages(source, target, template)));
  await gate.reached;
  const second = copyTemplate(source, target, template);
  const { work } = await target.host.getHostStatus({});
  expect(work.filter(({ kind, error }) => kind === "template_copy" && error === "")).toHaveLength(1);
  gate.open();
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
}, 60_000);

describe("what is not right is refused, and nothing of it is kept", () => {
  let template: TemplateKey;
  let before: string[];
  beforeAll(async () => {
    template = await makeSnapshot();
    before = await filesOf(target);
  }, 60_000);

  /** Copies with every message changed by `change`; null leaves it out. */
  const copyWith = async (
    change: (one: ExportTemplateResponse, file: string) => ExportTemplateResponse | null,
  ): Promise<Response> => {
    const changed = async function* () {
      let file = "";
      for await (const one of copyMessages(source, target, template)) {
        if (one.part.case === "file") file = one.part.value.name;
        const next = change(one, file);
        if (next !== null) yield next;
      }
    };
    return importInto(target, template, changed());
  };

  /** The first piece of each layer, changed. */
  const withLayerHeader = (change: (header: Buffer) => void) => {
    let done = false;
    return (one: ExportTemplateResponse, file: string) => {
      if (done || !file.startsWith("layers/") || one.part.case === "file") return one;
      done = true;
      const { part } = one;
      if (part.case !== "data" && part.case !== "compressed") throw new Error("a layer begins with a hole");
      const bytes = Buffer.from(part.case === "data" ? part.value : Bun.zstdDecompressSync(part.value.zstd));
      change(bytes);
      return message({ case: "data", value: bytes });
    };
  };

  const CASES: [what: string, reason: string, () => Promise<Response>][] = [
    [
      "a flipped bit",
      "does not match its digest",
      () => copyWith(withLayerHeader((bytes) => bytes.writeUInt8(1, bytes.length - 1))),
    ],
    [
      "a file that ends early",
      "a file ended after",
      () => {
        let seen = 0;
        return copyWith((one, file) => (file === "memory" && (seen += 1) > 2 ? null : one));
      },
    ],
    [
      "a file that is missing",
      "the file device-state did not come",
      () => copyWith((one, file) => (file === "device-state" ? null : one)),
    ],
    [
      "more than was announced",
      "bytes it was announced with",
      () =>
        copyWith((one, file) =>
          file === "device-state" && one.part.case !== "file"
            ? message({ case: "data", value: new Uint8Array(200_000) })
            : one,
        ),
    ],
    [
      "a hole larger than the file",
      "bytes it was announced with",
      () => copyWith((one) => (one.part.case === "hole" ? message({ case: "hole", value: 1n << 60n }) : one)),
    ],
    [
      "bytes that unpack to more than they say",
      "cannot be unpacked",
      () =>
        copyWith((one, file) =>
          file === "device-state" && one.part.case !== "file"
            ? message({
                case: "compressed",
                value: {
                  $typeName: "wrenn.host.v1.CompressedData",
                  zstd: Bun.zstdCompressSync(new Uint8Array(64 << 20)),
                  size: 1_000,
                },
              })
            : one,
        ),
    ],
    [
      "a file that was not asked for",
      "was not asked for",
      () =>
        copyWith((one) =>
          one.part.case === "file" && one.part.value.name === "device-state"
            ? message({ case: "file", value: { ...one.part.value, name: "../../../../etc/passwd" } })
            : one,
        ),
    ],
    [
      "a disk that stands on a file of the host, under a digest that fits",
      "stands on another file than the layer below it",
      async () => {
        const plan = await readPlan(source, template);
        const { names } = await target.host.listMissingFiles({ template, plan });
        const layer = names.find((name) => name.startsWith("layers/")) ?? "";
        const path = createLayout(source.directory).layer(layer.slice("layers/".length));
        const aside = `${path}.forged`;
        await cp(path, aside);
        try {
          await run(["qemu-img", "rebase", "-u", "-f", "qcow2", "-b", "/etc/passwd", "-F", "raw", aside]);
          const [digest, bytes] = [await digestFile(aside), Buffer.from(await Bun.file(aside).bytes())];
          for (const file of plan.files) if (file.name === layer) file.digest = digest;
          let sent = 0;
          return await copyWith((one, file) => {
            if (one.part.case === "plan") return planMessage(plan);
            if (file !== layer || one.part.case === "file") return one;
            const piece = bytes.subarray(sent, sent + 256 * 1024);
            sent += piece.length;
            return piece.length === 0 ? null : message({ case: "data", value: piece });
          });
        } finally {
          await Bun.file(aside).delete();
        }
      },
    ],
    [
      "no plan",
      "plan must come before anything else",
      () => copyWith((one) => (one.part.case === "plan" ? null : one)),
    ],
  ];

  for (const [what, reason, copy] of CASES) {
    test(
      what,
      async () => {
        const answer = await copy();
        expect(refusalOf(answer)).toEqual([400, "invalid_request"]);
        expect(await answer.text()).toContain(reason);
        expect(await filesOf(target)).toEqual(before);
        expect(await holds(target, template)).toBe(false);
      },
      60_000,
    );
  }

  test("a snapshot of another runtime, and one that does not fit the disk", async () => {
    const plan = await readPlan(source, template);
    const foreign = create(ExportPlanSchema, { ...plan, runtimeId: "another" });
    const large = create(ExportPlanSchema, {
      ...plan,
      files: plan.files.map((file) => ({ ...file, allocatedBytes: 1n << 50n })),
    });
    const importing = (one: typeof plan) =>
      importInto(
        target,
        template,
        (async function* () {
          yield planMessage(one);
        })(),
      );
    expect(refusalOf(await importing(foreign))).toEqual([409, "runtime_mismatch"]);
    expect(refusalOf(await importing(large))).toEqual([507, "disk_full"]);
    expect(await filesOf(target)).toEqual(before);
  });

  test("a caller without the server's token", async () => {
    const nothing = (async function* () {})();
    const token = await source.token();
    expect((await importInto(target, template, nothing, { token })).status).toBe(401);
  });

  test("minimal, which each host makes itself", async () => {
    const minimal = {
      teamId: "00000000-0000-0000-0000-000000000000",
      templateId: "00000000-0000-0000-0000-000000000000",
    };
    await expect(readPlan(source, minimal)).rejects.toThrow("made by each host itself");
  });

  test("and the template itself comes in after all that", async () => {
    expect((await copyTemplate(source, target, template)).status).toBe(200);
    await access(createLayout(target.directory).templateDirectory(TEAM, template.templateId));
  });
});
