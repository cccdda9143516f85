/** Machines loaded into a process that waited: as any other, and nothing is left of what nobody took. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { findVmProcesses } from "../../agent/vm/strays.ts";
import { newId } from "../../proto/ids.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox, newSandboxId, shell, TEAM } from "../support/sandboxes.ts";
import { readJournalOf, readTraces } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

const FILL_MS = 30_000;
const MOST = 3;

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start({ env: { WRENN_STANDBY_VMS: String(MOST) } });
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

const readyCount = async (): Promise<number> => (await agent.host.getHostStatus({})).readyStandbys;
const standbysWait = (count: number): Promise<void> =>
  waitFor(`${count} standbys`, async () => (await readyCount()) === count, FILL_MS);
const processes = (): number[] => findVmProcesses(agent.directory).map(({ pid }) => pid);

const processOf = async (sandboxId: string): Promise<number> => {
  const journal = await readJournalOf(agent.directory, sandboxId);
  if (journal.state !== "running") throw new Error(`${sandboxId} does not run`);
  return journal.vm.pid;
};

const pause = (sandboxId: string) => agent.host.pauseSandbox({ sandboxId, keepMemory: true });
const resume = (sandboxId: string) =>
  agent.host.resumeSandbox({ sandboxId, accessToken: accessTokenOf(sandboxId) });
const destroy = (sandboxId: string) => agent.host.destroySandbox({ sandboxId });

/** A paused sandbox beside whose memory a process waits. */
const pausedBesideStandby = async (): Promise<string> => {
  const id = await createSandbox(agent);
  await shell(agent, id, "echo kept > /root/file; sleep 1000 > /dev/null 2>&1 &");
  await pause(id);
  await waitFor("a standby", async () => (await readyCount()) > 0, FILL_MS);
  return id;
};

test("after a pause one waits, the resume goes on in it, and it serves the sandbox as any other", async () => {
  const id = await pausedBesideStandby();
  const waiting = processes();
  await resume(id);
  expect(waiting).toContain(await processOf(id));
  expect((await shell(agent, id, "pgrep -c sleep; cat /root/file")).stdout).toBe("1\nkept\n");
  const big = "dd if=/dev/urandom of=/root/big bs=1M count=8 conv=fsync 2>/dev/null; sha256sum < /root/big";
  const { stdout: digest } = await shell(agent, id, big);
  await pause(id);
  await resume(id);
  expect((await shell(agent, id, "sha256sum < /root/big")).stdout).toBe(digest);
  await destroy(id);
}, 180_000);

test("a copy gets one too: its own network rules, and a token and identity of its own", async () => {
  const id = await createSandbox(agent, {
    network: { allowInternet: false, allowCidrs: [], denyCidrs: [] } as never,
  });
  await pause(id);
  await resume(id);
  await waitFor("a standby", async () => (await readyCount()) > 0, FILL_MS);
  const waiting = processes();
  const child = newSandboxId();
  const { results } = await agent.host.forkSandbox({
    sandboxId: id,
    children: [{ sandboxId: child, accessToken: accessTokenOf(child) }],
  });
  expect(results.map(({ error }) => error)).toEqual([""]);
  expect(waiting).toContain(await processOf(child));
  const { exitCode } = await shell(agent, child, "timeout 5 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80'");
  expect(exitCode).not.toBe(0);
  const facts = "hostname; cat /etc/machine-id; head -c 16 /dev/urandom | od -An -tx1";
  const [own, other] = [await shell(agent, id, facts), await shell(agent, child, facts)];
  const others = other.stdout.split("\n");
  for (const [line, told] of own.stdout.trim().split("\n").entries()) expect(others[line]).not.toBe(told);
  // The disk that both stand on is frozen: each writes to its own.
  await shell(agent, id, "echo mine > /root/whose");
  await shell(agent, child, "echo its > /root/whose; sync");
  expect((await shell(agent, id, "cat /root/whose")).stdout).toBe("mine\n");
  for (const one of [id, child]) await destroy(one);
}, 180_000);

test("a new sandbox that finds no spare is loaded into one", async () => {
  const id = await pausedBesideStandby();
  const waiting = processes();
  const created = await createSandbox(agent);
  expect(waiting).toContain(await processOf(created));
  for (const one of [id, created]) await destroy(one);
}, 180_000);

test("memory that cannot be used ends the process it was loaded into, and the sandbox stays paused", async () => {
  const id = await pausedBesideStandby();
  const journal = await readJournalOf(agent.directory, id);
  if (journal.state !== "paused" || journal.saved === null) throw new Error("no memory was kept");
  const waiting = processes();
  const { deviceStatePath } = journal.saved;
  const whole = readFileSync(deviceStatePath);
  await Bun.write(deviceStatePath, whole.subarray(0, 100));
  await expect(resume(id)).rejects.toThrow(/damaged/);
  await waitFor("it is gone", () => waiting.some((pid) => !processes().includes(pid)), FILL_MS);
  await Bun.write(deviceStatePath, whole);
  await resume(id);
  expect((await shell(agent, id, "cat /root/file")).stdout).toBe("kept\n");
  await destroy(id);
}, 180_000);

test("those that wait are the first to go when memory runs out, and one that died is put away", async () => {
  const id = await pausedBesideStandby();
  const scoreOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));
  await waitFor("only those", () => processes().every((pid) => scoreOf(pid) === 1_000), FILL_MS);
  for (const pid of processes()) process.kill(pid, "SIGKILL");
  await resume(id);
  expect(scoreOf(await processOf(id))).toBe(600);
  expect((await shell(agent, id, "cat /root/file")).stdout).toBe("kept\n");
  await destroy(id);
}, 180_000);

test("a template whose memory they map can be deleted", async () => {
  const source = await createSandbox(agent);
  const template = { teamId: TEAM, templateId: newId(), template: "deleted" };
  await agent.host.createSnapshot({ sandboxId: source, template });
  const id = await createSandbox(agent, { template });
  await pause(id);
  await waitFor("a standby", async () => (await readyCount()) > 0, FILL_MS);
  for (const one of [source, id]) await destroy(one);
  await agent.host.deleteTemplate({ template });
}, 180_000);

test("after kill -9 they are gone, and what was loaded into one goes on", async () => {
  const id = await pausedBesideStandby();
  await resume(id);
  await waitFor("another standby", async () => (await readyCount()) > 0, FILL_MS);
  const own = await processOf(id);
  await agent.crash();
  await agent.launch();
  expect(processes()).toEqual([own]);
  expect((await shell(agent, id, "cat /root/file")).stdout).toBe("kept\n");
  await destroy(id);
}, 180_000);

test("as many wait as were asked for lately, and none on a drained host or after a stop", async () => {
  const id = await createSandbox(agent);
  for (let index = 0; index < MOST + 2; index++) {
    await pause(id);
    await resume(id);
  }
  await standbysWait(MOST);
  await agent.host.drain({ pause: false });
  await standbysWait(0);
  expect(processes()).toEqual([await processOf(id)]);
  await agent.host.undrain({});
  await destroy(id);
  await standbysWait(MOST);
  await agent.stop();
  expect(await readTraces(agent.directory)).toMatchObject({ sandboxes: [], vms: [], staging: [] });
  await agent.launch();
}, 180_000);
