/** Images without glibc, and without anything at all: the guest agent brings what it needs. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, copyFile, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import type { TemplateKey } from "../../agent/images/images.ts";
import { run } from "../../agent/system/exec.ts";
import {
  agentExecutable,
  directoryWithMinimal,
  makeDirectory,
  removeDirectory,
} from "../support/agent-directory.ts";
import { buildMinimal, TestAgent } from "../support/agent.ts";
import { makeTemplate } from "../support/any-template.ts";
import { accessTokenOf, createSandbox, processClient, trafficFetch } from "../support/sandboxes.ts";

setDefaultTimeout(240_000);

const GUEST_PORT = 49_983;
const BUSYBOX = "/bin/busybox";
const MUSL = "/lib/ld-musl-x86_64.so.1";

let scratch: string;
let agent: TestAgent;
const undo = new AsyncDisposableStack();
const keys = new Map<string, TemplateKey>();

/** A root that holds busybox and no other file. */
const busyboxTree = async (name: string): Promise<string> => {
  const tree = join(scratch, name);
  await mkdir(join(tree, "bin"), { recursive: true });
  const program = Bun.which("busybox");
  if (program === null) throw new Error("install the package busybox-static");
  await copyFile(program, join(tree, "bin/busybox"));
  await chmod(join(tree, "bin/busybox"), 0o755);
  return tree;
};

/** The same with a C library that is not glibc, out of Debian's package. */
const muslTree = async (): Promise<string> => {
  const tree = await busyboxTree("musl");
  const download = join(scratch, "download");
  await mkdir(download);
  // not as root: apt's own user cannot write there
  await chmod(download, 0o777);
  await run(["env", `--chdir=${download}`, "apt-get", "-q", "download", "musl"], { timeoutMs: 60_000 });
  const [archive = "no package"] = await readdir(download);
  await run(["dpkg-deb", "--extract", join(download, archive), tree]);
  return tree;
};

beforeAll(async () => {
  scratch = await makeDirectory("trees");
  undo.defer(() => removeDirectory(scratch));
  const executable = await agentExecutable();
  const directory = await directoryWithMinimal("libc", executable, (empty) =>
    buildMinimal(empty, executable),
  );
  undo.defer(() => removeDirectory(directory));
  const trees = { busybox: await busyboxTree("busybox"), musl: await muslTree() };
  await symlink("busybox", join(trees.musl, "bin/sh"));
  for (const [name, tree] of Object.entries(trees)) {
    keys.set(name, await makeTemplate({ directory, executable, name, tree }));
  }
  agent = undo.use(await TestAgent.start({ directory, executable }));
});
afterAll(() => undo.disposeAsync());

interface Finished {
  output: string;
  exitCode: number;
}

/** Runs a program of the image itself. */
const start = async (sandboxId: string, cmd: string, args: string[]): Promise<Finished> => {
  const stop = new AbortController();
  const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(60_000)]);
  const decoder = new TextDecoder();
  let output = "";
  try {
    const events = processClient(agent, sandboxId).start(
      { process: { cmd, args }, stdin: false },
      { signal },
    );
    for await (const { event } of events) {
      if (event?.event.case === "data") {
        const { case: channel, value } = event.event.value.output;
        if (channel !== undefined) output += decoder.decode(value);
      }
      if (event?.event.case === "end") return { output, exitCode: event.event.value.exitCode };
    }
    throw new Error("the command's stream ended without an exit");
  } finally {
    stop.abort();
  }
};

const busybox = (sandboxId: string, line: string) => start(sandboxId, BUSYBOX, ["sh", "-c", line]);

/** Of what is not the guest agent's own. */
const FIND_GLIBC =
  "busybox find / -xdev -name 'libc.so.6' -o -xdev -name 'ld-linux*' | busybox grep -v ^/opt/wrenn/";

test.each(["busybox", "musl"])("%s: commands, files, pause and resume", async (name) => {
  const template = keys.get(name);
  const id = await createSandbox(agent, { template, diskSizeMb: 512 });
  expect(await busybox(id, "echo works; busybox id -u")).toEqual({ output: "works\n0\n", exitCode: 0 });
  expect((await busybox(id, `PATH=/bin; ${FIND_GLIBC}`)).output).toBe("");
  const put = await trafficFetch(agent, id, GUEST_PORT, "/files?path=/kept.txt&username=root", {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: "kept\n",
  });
  expect(put.status).toBe(200);
  await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  expect((await busybox(id, "busybox cat /kept.txt")).output).toBe("kept\n");
  await agent.host.destroySandbox({ sandboxId: id });
});

test("musl: its own library runs there", async () => {
  const id = await createSandbox(agent, { template: keys.get("musl"), diskSizeMb: 512 });
  expect((await start(id, MUSL, [])).output).toStartWith("musl libc (x86_64)");
  await agent.host.destroySandbox({ sandboxId: id });
});
