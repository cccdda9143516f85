/** Whatever ends abruptly, every sandbox is afterwards truly running or truly paused, and nothing leaks. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { readdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Code, ConnectError } from "@connectrpc/connect";

import { createLayout } from "../../agent/images/layout.ts";
import { findVmProcesses } from "../../agent/vm/strays.ts";
import { type SandboxState, SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox, newSandboxId, shell } from "../support/sandboxes.ts";
import { waitFor } from "../support/wait-for.ts";

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start();
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

const list = async (): Promise<Map<string, SandboxState>> =>
  new Map((await agent.host.listSandboxes({})).sandboxes.map((sandbox) => [sandbox.sandboxId, sandbox]));

const directoryOf = (sandboxId: string): string =>
  createLayout(agent.directory).sandboxDirectory(parseSandboxId(sandboxId) ?? "");

const pause = (sandboxId: string) => agent.host.pauseSandbox({ sandboxId, keepMemory: true });
const resume = (sandboxId: string, cold = false) =>
  agent.host.resumeSandbox({ sandboxId, accessToken: accessTokenOf(sandboxId), cold });

/** Namespaces of this agent that a VM is in, by the VM's processes. */
const vmCount = () => findVmProcesses(agent.directory).length;

const layerFiles = async () => (await readdir(createLayout(agent.directory).layers)).length;

const refusal = async (call: Promise<unknown>): Promise<{ code: Code; name: string | null }> => {
  try {
    await call;
  } catch (error) {
    const { code, metadata } = ConnectError.from(error);
    return { code, name: metadata.get(HOST_ERROR_HEADER) };
  }
  throw new Error("the call was not refused");
};

test("a killed agent finds its running and paused sandboxes again", async () => {
  const running = await createSandbox(agent);
  const paused = await createSandbox(agent);
  await shell(agent, running, "echo memory > /dev/shm/file");
  await shell(agent, paused, "echo memory > /dev/shm/file");
  await pause(paused);
  // The process of a paused sandbox leaves a moment after the answer.
  await waitFor("the paused sandbox's VM to leave", () => vmCount() === 1, 10_000);
  await agent.crash();
  expect(vmCount()).toBe(1);
  await agent.launch();
  const found = await list();
  expect(found.get(running)?.status).toBe(SandboxStatus.RUNNING);
  expect(found.get(paused)?.status).toBe(SandboxStatus.PAUSED);
  expect(found.get(paused)?.memoryKept).toBe(true);
  expect((await shell(agent, running, "cat /dev/shm/file")).stdout).toBe("memory\n");
  await resume(paused);
  expect((await shell(agent, paused, "cat /dev/shm/file")).stdout).toBe("memory\n");
  for (const sandboxId of [running, paused]) await agent.host.destroySandbox({ sandboxId });
  expect(vmCount()).toBe(0);
}, 180_000);

test("an agent killed in the middle of operations leaves no half-made thing", async () => {
  const layersBefore = await layerFiles();
  const ids = [await createSandbox(agent), await createSandbox(agent)];
  const [first = "", second = ""] = ids;
  await shell(agent, first, "head -c 20000000 /dev/urandom > /dev/shm/file");
  await pause(second);
  // Each round kills the agent a little later into a pause, a resume, a create and a fork.
  for (const delayMs of [10, 60, 200, 500, 1_000]) {
    const child = newSandboxId();
    const calls = [
      pause(first),
      resume(second),
      createSandbox(agent),
      agent.host.forkSandbox({
        sandboxId: first,
        children: [{ sandboxId: child, accessToken: accessTokenOf(child) }],
      }),
    ];
    const settled = Promise.allSettled(calls);
    await Bun.sleep(delayMs);
    await agent.crash();
    await settled;
    await agent.launch();
    const found = await list();
    expect(found.has(first)).toBe(true);
    expect(found.has(second)).toBe(true);
    for (const { sandboxId, status, memoryKept, reason } of found.values()) {
      expect([SandboxStatus.RUNNING, SandboxStatus.PAUSED]).toContain(status);
      expect({ memoryKept, reason: reason === "vm_died" }).toEqual({ memoryKept: true, reason: false });
      if (status === SandboxStatus.PAUSED) await resume(sandboxId);
      expect((await shell(agent, sandboxId, "echo alive")).stdout).toBe("alive\n");
      if (!ids.includes(sandboxId)) await agent.host.destroySandbox({ sandboxId });
    }
    await pause(second);
  }
  expect((await shell(agent, first, "stat -c %s /dev/shm/file")).stdout).toBe("20000000\n");
  for (const sandboxId of ids) await agent.host.destroySandbox({ sandboxId });
  expect(vmCount()).toBe(0);
  expect(await layerFiles()).toBe(layersBefore);
  expect(await readdir(createLayout(agent.directory).sandboxes)).toEqual([]);
}, 300_000);

/** Ends what an earlier test left when it failed, so that the next one tells its own story. */
afterEach(async () => {
  for (const sandboxId of (await list()).keys()) await agent.host.destroySandbox({ sandboxId });
});

test("a VM that dies leaves its sandbox paused without memory, its disk whole", async () => {
  const id = await createSandbox(agent);
  await shell(agent, id, "echo disk > /root/file; sync; echo memory > /dev/shm/file");
  const [vm] = findVmProcesses(agent.directory);
  process.kill(vm?.pid ?? 0, "SIGKILL");
  await waitFor("the pause", async () => (await list()).get(id)?.status === SandboxStatus.PAUSED, 5_000);
  const state = (await list()).get(id);
  expect({ kept: state?.memoryKept, reason: state?.reason }).toEqual({ kept: false, reason: "vm_died" });
  await resume(id);
  expect((await shell(agent, id, "cat /root/file; ls /dev/shm")).stdout).toBe("disk\n");
  await agent.host.destroySandbox({ sandboxId: id });
}, 180_000);

test("a VM that dies while the agent is away is found out at the next start", async () => {
  const id = await createSandbox(agent);
  await agent.crash();
  const [vm] = findVmProcesses(agent.directory);
  process.kill(vm?.pid ?? 0, "SIGKILL");
  await agent.launch();
  const state = (await list()).get(id);
  expect(state?.status).toBe(SandboxStatus.PAUSED);
  expect({ kept: state?.memoryKept, reason: state?.reason }).toEqual({ kept: false, reason: "vm_died" });
  await agent.host.destroySandbox({ sandboxId: id });
}, 180_000);

test("damaged saved memory is refused, the sandbox stays paused, and boots cold", async () => {
  const id = await createSandbox(agent);
  await shell(agent, id, "echo disk > /root/file; sync");
  await pause(id);
  const name = (await readdir(directoryOf(id))).find((entry) => entry.endsWith(".diff")) ?? "";
  const path = join(directoryOf(id), name);
  const whole = await readFile(path);
  await truncate(path, Math.floor(whole.length / 2));
  expect(await refusal(resume(id))).toEqual({ code: Code.FailedPrecondition, name: "snapshot_refused" });
  expect((await list()).get(id)?.status).toBe(SandboxStatus.PAUSED);
  expect((await list()).get(id)?.memoryKept).toBe(true);
  await resume(id, true);
  expect((await shell(agent, id, "cat /root/file")).stdout).toBe("disk\n");
  await agent.host.destroySandbox({ sandboxId: id });
}, 180_000);

test("memory of another runtime is never half-loaded: refused, with the cold resume offered", async () => {
  const id = await createSandbox(agent);
  await shell(agent, id, "echo disk > /root/file; sync");
  await pause(id);
  await agent.crash();
  const journal = join(directoryOf(id), "journal.json");
  const text = await readFile(journal, "utf8");
  await writeFile(journal, text.replaceAll(/"runtimeId": "[^"]+"/g, '"runtimeId": "qemu-99.0"'));
  await agent.launch();
  expect(await refusal(resume(id))).toEqual({ code: Code.FailedPrecondition, name: "runtime_mismatch" });
  expect((await list()).get(id)?.memoryKept).toBe(true);
  await resume(id, true);
  expect((await shell(agent, id, "cat /root/file")).stdout).toBe("disk\n");
  await agent.host.destroySandbox({ sandboxId: id });
}, 180_000);

test("a destroy ends everything, also in the middle of something else, also twice", async () => {
  const layersBefore = await layerFiles();
  const ids = [newSandboxId(), await createSandbox(agent), await createSandbox(agent)];
  const [creating = "", pausing = "", resuming = ""] = ids;
  await pause(resuming);
  const others = Promise.allSettled([
    createSandbox(agent, { sandboxId: creating }),
    pause(pausing),
    resume(resuming),
  ]);
  await Bun.sleep(30);
  await Promise.all([...ids, ...ids].map((sandboxId) => agent.host.destroySandbox({ sandboxId })));
  await others;
  // A create that had not begun when its destroy arrived is a sandbox like any other.
  await agent.host.destroySandbox({ sandboxId: creating });
  expect(await list()).toEqual(new Map());
  expect(vmCount()).toBe(0);
  expect(await layerFiles()).toBe(layersBefore);
  expect(await readdir(createLayout(agent.directory).sandboxes)).toEqual([]);
}, 180_000);

test("memory can be dropped on request, the disk and the environment stay", async () => {
  const id = await createSandbox(agent, { envs: { KEPT: "also in $here" } });
  await shell(agent, id, "echo disk > /root/file; cat /proc/sys/kernel/random/boot_id > /root/boot");
  await agent.host.pauseSandbox({ sandboxId: id, keepMemory: false });
  expect((await list()).get(id)?.memoryKept).toBe(false);
  await resume(id);
  const { stdout } = await shell(agent, id, "cat /root/file; cmp /root/boot /proc/sys/kernel/random/boot_id");
  expect(stdout).toStartWith("disk\n");
  expect(stdout).toContain("differ");
  expect((await shell(agent, id, 'echo "$KEPT"')).stdout).toBe("also in $here\n");
  await agent.host.destroySandbox({ sandboxId: id });
}, 180_000);

test("a journal that cannot be read is set aside and reported, deleted only on request", async () => {
  const id = await createSandbox(agent);
  await pause(id);
  await agent.crash();
  const journal = join(directoryOf(id), "journal.json");
  const whole = await readFile(journal, "utf8");
  await writeFile(journal, whole.slice(0, 40));
  await agent.launch();
  expect((await list()).get(id)?.status).toBe(SandboxStatus.BUSY);
  const { work } = await agent.host.getHostStatus({});
  expect(work.map(({ kind }) => kind)).toContain("journal");
  expect((await readdir(directoryOf(id))).some((name) => name.endsWith(".diff"))).toBe(true);
  // Put back by a person, it is a sandbox again.
  await agent.crash();
  await writeFile(journal, whole);
  await Bun.file(join(directoryOf(id), "journal.unreadable")).delete();
  await agent.launch();
  await resume(id);
  expect((await shell(agent, id, "echo alive")).stdout).toBe("alive\n");
  // Given up by a person, it is gone, with the VM that still ran.
  await agent.crash();
  await writeFile(journal, "{}");
  await agent.launch();
  await agent.host.destroySandbox({ sandboxId: id });
  expect((await list()).has(id)).toBe(false);
  expect(findVmProcesses(directoryOf(id))).toHaveLength(0);
  await expect(readdir(directoryOf(id))).rejects.toThrow("ENOENT");
}, 180_000);
