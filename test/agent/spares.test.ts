/** Sandboxes that got a machine made ahead: their own in every way, and nothing is left of what nobody took. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";

import { findVmProcesses } from "../../agent/vm/strays.ts";
import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { newId, parseSandboxId } from "../../proto/ids.ts";
import { TestAgent } from "../support/agent.ts";
import {
  accessTokenOf,
  type CreateOptions,
  createSandbox,
  newSandboxId,
  shell,
  TEAM,
} from "../support/sandboxes.ts";
import { readJournalOf, readTraces } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

const FILL_MS = 60_000;

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start({ env: { WRENN_SPARE_VMS: "2" } });
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

const machines = (): number => findVmProcesses(agent.directory).length;

/** A machine counts from its first instant; it can be claimed when its guest has been stopped again. */
const spareStands = async (count: number): Promise<void> => {
  await waitFor(`${count} machines`, () => machines() === count, FILL_MS);
  await waitFor("they are ready", async () => (await agent.host.getHostStatus({})).readySpares > 0, FILL_MS);
};

const startOf = (sandboxId: string): Record<string, unknown> | undefined =>
  agent.logs.find(
    ({ event, sandbox }) => event === "sandbox_started" && sandbox === parseSandboxId(sandboxId),
  );

/** In a spare, or the test fails. */
const createInSpare = async (options: CreateOptions = {}): Promise<string> => {
  await waitFor("a spare", async () => (await agent.host.getHostStatus({})).readySpares > 0, FILL_MS);
  const id = await createSandbox(agent, options);
  expect(startOf(id)).toMatchObject({ spare: true });
  return id;
};

test("two of them have nothing in common but the template", async () => {
  const ids = [await createInSpare({ envs: { WHO: "one" } }), await createInSpare({ envs: { WHO: "two" } })];
  const facts =
    "hostname; cat /etc/machine-id /proc/sys/kernel/random/boot_id; head -c 16 /dev/urandom | od -An -tx1; " +
    "echo $WHO; python3 -c 'import uuid; print(uuid.uuid4())'";
  const lines = await Promise.all(ids.map(async (id) => (await shell(agent, id, facts)).stdout.split("\n")));
  for (let line = 0; line < 6; line++) expect(new Set(lines.map((told) => told[line])).size).toBe(2);
  expect(lines.map((told) => told[4])).toEqual(["one", "two"]);

  const { stdout } = await shell(agent, ids[0] ?? "", "date +%s.%N");
  expect(Math.abs(Number(stdout) - Date.now() / 1_000)).toBeLessThan(2);
  for (const sandboxId of ids) await agent.host.destroySandbox({ sandboxId });
}, 180_000);

test("it lives as any other: egress rules, pause, resume, fork", async () => {
  const id = await createInSpare({
    network: { allowInternet: false, allowCidrs: [], denyCidrs: [] } as never,
  });
  const { exitCode } = await shell(agent, id, "timeout 5 bash -c 'exec 3<>/dev/tcp/192.0.2.1/80'");
  expect(exitCode).not.toBe(0);
  await shell(agent, id, "echo kept > /root/file; sleep 1000 > /dev/null 2>&1 &");
  const { sandbox } = await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  expect(sandbox).toMatchObject({ status: SandboxStatus.PAUSED, memoryKept: true });
  await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  expect((await shell(agent, id, "pgrep -c sleep; cat /root/file")).stdout).toBe("1\nkept\n");
  const child = newSandboxId();
  const { results } = await agent.host.forkSandbox({
    sandboxId: id,
    children: [{ sandboxId: child, accessToken: accessTokenOf(child) }],
  });
  expect(results.map(({ error }) => error)).toEqual([""]);
  expect((await shell(agent, child, "cat /root/file")).stdout).toBe("kept\n");
  for (const sandboxId of [id, child]) await agent.host.destroySandbox({ sandboxId });
}, 180_000);

test("when memory runs out those that wait go first, and a sandbox that got one goes as any other", async () => {
  const id = await createInSpare();
  const journal = await readJournalOf(agent.directory, id);
  const own = journal.state === "running" ? journal.vm.pid : 0;
  const scoreOf = (pid: number): number => Number(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8"));
  await waitFor(
    "others that wait",
    () => {
      const others = findVmProcesses(agent.directory).filter(({ pid }) => pid !== own);
      return others.length > 0 && others.every(({ pid }) => scoreOf(pid) === 1_000);
    },
    FILL_MS,
  );
  expect(scoreOf(own)).toBe(600);
  await agent.host.destroySandbox({ sandboxId: id });
}, 180_000);

test("a snapshot's programs do not run before somebody asks for them", async () => {
  const source = await createSandbox(agent);
  await shell(
    agent,
    source,
    "(for i in $(seq 100000); do echo $i > /root/new; mv /root/new /root/tick; sleep 0.05; done) >/dev/null 2>&1 &",
  );
  await waitFor(
    "it ticks",
    async () => Number((await shell(agent, source, "cat /root/tick")).stdout) > 2,
    FILL_MS,
  );
  const template = { teamId: TEAM, templateId: newId(), template: "ticking" };
  await agent.host.createSnapshot({ sandboxId: source, template });
  await agent.host.destroySandbox({ sandboxId: source });

  const plain = await createSandbox(agent, { template });
  expect(startOf(plain)).toMatchObject({ spare: false });
  const readTick = async (id: string): Promise<number> =>
    Number((await shell(agent, id, "cat /root/tick")).stdout);
  const before = await readTick(plain);
  // A minute of ticks would pass in it while the host makes others.
  await waitFor(
    "a spare of the snapshot",
    async () => {
      const id = await createSandbox(agent, { template });
      const isSpare = startOf(id)?.["spare"] === true;
      if (isSpare) expect(await readTick(id)).toBeLessThan(before + 40);
      await agent.host.destroySandbox({ sandboxId: id });
      return isSpare;
    },
    FILL_MS,
    500,
  );
  await expect(agent.host.deleteTemplate({ template })).rejects.toThrow(/in use by 1 sandboxes/);
  await agent.host.destroySandbox({ sandboxId: plain });
  await agent.host.deleteTemplate({ template });
}, 180_000);

test("after kill -9 the spares are gone, and what was claimed goes on", async () => {
  const id = await createInSpare();
  await shell(agent, id, "echo here > /root/file");
  await waitFor("a spare", async () => (await agent.host.getHostStatus({})).readySpares > 0, FILL_MS);
  const before = findVmProcesses(agent.directory).map(({ pid }) => pid);
  await agent.crash();
  await agent.launch();
  expect((await shell(agent, id, "cat /root/file")).stdout).toBe("here\n");
  // The sandbox's own is the only one of them that is left.
  const after = new Set(findVmProcesses(agent.directory).map(({ pid }) => pid));
  expect(before.filter((pid) => after.has(pid))).toHaveLength(1);
  await agent.host.destroySandbox({ sandboxId: id });
}, 180_000);

test("a drained host keeps none, and neither does an agent that stopped", async () => {
  await spareStands(1);
  await agent.host.drain({ pause: false });
  await waitFor("no machine is left", () => machines() === 0, FILL_MS);
  await agent.host.undrain({});
  await spareStands(1);
  await agent.stop();
  expect(await readTraces(agent.directory)).toMatchObject({ sandboxes: [], vms: [], staging: [] });
  await agent.launch();
}, 180_000);
