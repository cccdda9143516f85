/** Images without glibc, and without anything at all: the guest agent brings what it needs. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, copyFile, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";

import type { TemplateKey } from "../../agent/images/images.ts";
import { run } from "../../agent/system/exec.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import {
  agentExecutable,
  directoryWithMinimal,
  makeDirectory,
  removeDirectory,
} from "../support/agent-directory.ts";
import { buildMinimal, TestAgent } from "../support/agent.ts";
import { makeTemplate } from "../support/any-template.ts";
import { accessTokenOf, createSandbox, execute, trafficFetch } from "../support/sandboxes.ts";

setDefaultTimeout(240_000);

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
  const fetchPackage = () =>
    run(["env", `--chdir=${download}`, "apt-get", "-q", "download", "musl"], { timeoutMs: 60_000 });
  await fetchPackage().catch(async () => {
    // The machine's lists are old, or were cleared away.
    await run(["apt-get", "-q", "update"], { timeoutMs: 120_000 });
    await fetchPackage();
  });
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

const busybox = (sandboxId: string, line: string) => execute(agent, sandboxId, [BUSYBOX, "sh", "-c", line]);

const FIND_GLIBC = "busybox find / -path /proc -prune -o -path /sys -prune -o -name libc.so.6 -print";

test.each(["busybox", "musl"])("%s: commands, files, pause and resume", async (name) => {
  const template = keys.get(name);
  const id = await createSandbox(agent, { template, diskSizeMb: 512 });
  expect(await busybox(id, "echo works; busybox id -u")).toEqual({
    stdout: "works\n0\n",
    stderr: "",
    exitCode: 0,
  });
  // The guest agent's own, on its own drive, and no other.
  expect((await busybox(id, FIND_GLIBC)).stdout).toBe("/opt/wrenn/lib/libc.so.6\n");
  const put = await trafficFetch(agent, id, GUEST_PORT, "/files?path=/kept.txt&username=root", {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: "kept\n",
  });
  expect(put.status).toBe(200);
  await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  expect((await busybox(id, "busybox cat /kept.txt")).stdout).toBe("kept\n");
  await agent.host.destroySandbox({ sandboxId: id });
});

test("musl: its own library runs there", async () => {
  const id = await createSandbox(agent, { template: keys.get("musl"), diskSizeMb: 512 });
  expect((await execute(agent, id, [MUSL])).stderr).toStartWith("musl libc (x86_64)");
  await agent.host.destroySandbox({ sandboxId: id });
});
