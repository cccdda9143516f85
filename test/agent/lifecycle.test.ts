/** A sandbox's life on a real agent: create, use, pause, resume, fork, snapshot, destroy. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { createLayout } from "../../agent/images/layout.ts";
import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { newId, parseSandboxId } from "../../proto/ids.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox, newSandboxId, shell, TEAM } from "../support/sandboxes.ts";
import { waitFor } from "../support/wait-for.ts";

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start();
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

const statusOf = async (sandboxId: string) => {
  const { sandboxes } = await agent.host.listSandboxes({});
  return sandboxes.find((sandbox) => sandbox.sandboxId === sandboxId);
};

/** How often each step has been timed. */
const stepTimesOf = async (operation: string): Promise<Map<string, number>> => {
  const { stepTimes } = await agent.host.listSamples({});
  const own = (stepTimes?.steps ?? []).filter((step) => step.operation === operation);
  return new Map(
    own.map(({ step, counts }) => [step, Number(counts.reduce((sum, count) => sum + count, 0n))]),
  );
};

test("create, run a command, pause, resume, destroy", async () => {
  const id = await createSandbox(agent, { envs: { GREETING: "hello" } });
  expect((await shell(agent, id, 'echo "$GREETING $(id -un)"')).stdout).toBe("hello root\n");
  await shell(
    agent,
    id,
    "echo kept > /root/file; (while true; do date +%s%N > /tmp/new; mv /tmp/new /tmp/tick; sleep 0.1; done) >/dev/null 2>&1 &",
  );

  const paused = await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  expect(paused.sandbox?.status).toBe(SandboxStatus.PAUSED);
  expect(paused.sandbox?.memoryKept).toBe(true);

  const resumed = await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  expect(resumed.sandbox?.status).toBe(SandboxStatus.RUNNING);
  const first = (await shell(agent, id, "until cat /tmp/tick; do sleep 0.1; done")).stdout;
  const { stdout } = await shell(agent, id, "sleep 0.5; cat /tmp/tick; cat /root/file");
  expect(stdout).toEndWith("kept\n");
  expect(stdout).not.toStartWith(first);

  await agent.host.destroySandbox({ sandboxId: id });
  expect(await statusOf(id)).toBeUndefined();
}, 180_000);

test("how long each step took is told for all of its kind, of what succeeded", async () => {
  const before = await stepTimesOf("pause");
  const id = await createSandbox(agent);
  await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  await expect(agent.host.pauseSandbox({ sandboxId: id, keepMemory: true })).rejects.toThrow(/paused/);
  await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  const child = { sandboxId: newSandboxId(), accessToken: accessTokenOf(id) };
  await agent.host.forkSandbox({ sandboxId: id, children: [child] });
  const restored = ["slot", "layer", "process", "memory", "devices", "journal", "go", "guest", "total"];
  for (const operation of ["create", "resume", "fork"]) {
    expect([...(await stepTimesOf(operation)).keys()]).toEqual(expect.arrayContaining(restored));
  }
  const captured = ["layer", "stop", "devices", "memory", "sync", "switch", "freeze", "stopped", "total"];
  expect([...(await stepTimesOf("capture")).keys()]).toEqual(expect.arrayContaining(captured));
  const pauses = await stepTimesOf("pause");
  for (const step of ["drain", "stop", "devices", "memory", "sync", "journal", "total"]) {
    expect(pauses.get(step)).toBe((before.get(step) ?? 0) + 1);
  }
  for (const sandboxId of [id, child.sandboxId]) await agent.host.destroySandbox({ sandboxId });
}, 180_000);

test("forks are machines of their own, the source goes on", async () => {
  const source = await createSandbox(agent);
  await shell(agent, source, "echo shared > /root/file");
  const children = [newSandboxId(), newSandboxId()].map((sandboxId) => ({
    sandboxId,
    accessToken: accessTokenOf(sandboxId),
  }));
  const { results } = await agent.host.forkSandbox({ sandboxId: source, children });
  expect(results.map(({ error }) => error)).toEqual(["", ""]);
  const facts = "hostname; cat /etc/machine-id; head -c 16 /dev/urandom | od -An -tx1; cat /root/file";
  const outputs = [];
  for (const { sandboxId } of [{ sandboxId: source }, ...children]) {
    outputs.push((await shell(agent, sandboxId, facts)).stdout.split("\n"));
  }
  for (const line of [0, 1, 2]) expect(new Set(outputs.map((output) => output[line])).size).toBe(3);
  expect(outputs.map((output) => output[3])).toEqual(["shared", "shared", "shared"]);

  const [child] = children;
  await shell(agent, source, "echo changed > /root/file; sync");
  expect((await shell(agent, child?.sandboxId ?? "", "cat /root/file")).stdout).toBe("shared\n");
  for (const sandboxId of [source, ...children.map((one) => one.sandboxId)]) {
    await agent.host.destroySandbox({ sandboxId });
  }
}, 180_000);

test("a snapshot outlives its source and starts others", async () => {
  const source = await createSandbox(agent);
  await shell(agent, source, "echo snapshot > /root/file");
  const template = { teamId: TEAM, templateId: newId(), template: "snap" };
  const making = agent.host.createSnapshot({ sandboxId: source, template });
  await waitFor("the snapshot to begin", async () => (await agent.host.getHostStatus({})).work.length > 0);
  await expect(agent.host.deleteTemplate({ template })).rejects.toThrow(/being made/);
  const made = await making;
  expect(made.template?.memoryMb).toBe(512);
  expect((await shell(agent, source, "cat /root/file")).stdout).toBe("snapshot\n");
  await agent.host.destroySandbox({ sandboxId: source });

  const id = await createSandbox(agent, { template });
  expect((await shell(agent, id, "cat /root/file")).stdout).toBe("snapshot\n");
  expect(agent.host.deleteTemplate({ template })).rejects.toThrow(/in use/);
  await agent.host.destroySandbox({ sandboxId: id });
  await agent.host.deleteTemplate({ template });
  expect((await agent.host.listTemplates({})).templates.map(({ ref }) => ref?.templateId)).not.toContain(
    template.templateId,
  );
}, 180_000);

test("a sandbox forked many times gets a flat disk again while it rests", async () => {
  const id = await createSandbox(agent);
  const path = createLayout(agent.directory).sandboxJournal(parseSandboxId(id) ?? "");
  const layers = async () => ((await Bun.file(path).json()) as { layers: string[] }).layers.length;
  const layersAtFirst = await layers();
  for (let round = 0; round < 6; round++) {
    await shell(agent, id, `echo ${round} >> /root/file`);
    const child = newSandboxId();
    const children = [{ sandboxId: child, accessToken: accessTokenOf(child) }];
    await agent.host.forkSandbox({ sandboxId: id, children });
    await agent.host.destroySandbox({ sandboxId: child });
  }
  expect(await layers()).toBe(layersAtFirst + 6);
  await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  // Those of the template stay shared; above are the copy and a new top.
  await waitFor("the flat disk", async () => (await layers()) === layersAtFirst + 1, 60_000);
  await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  await shell(agent, id, "echo 3 > /proc/sys/vm/drop_caches; echo 6 >> /root/file; sync");
  expect((await shell(agent, id, "cat /root/file")).stdout).toBe("0\n1\n2\n3\n4\n5\n6\n");
  await agent.host.destroySandbox({ sandboxId: id });
}, 180_000);

test("another size is warmed once and kept", async () => {
  const make = async () => {
    const startedMs = performance.now();
    const id = await createSandbox(agent, { vcpus: 2, memoryMb: 256 });
    const { stdout } = await shell(agent, id, "nproc; free -m | awk '/Mem/ {print ($2 < 256)}'");
    await agent.host.destroySandbox({ sandboxId: id });
    expect(stdout).toBe("2\n1\n");
    return performance.now() - startedMs;
  };
  const first = await make();
  expect(await make()).toBeLessThan(first / 2);
  expect((await agent.host.listTemplates({})).templates).toHaveLength(1);
}, 180_000);

test("logs, ports and load of a running sandbox", async () => {
  const id = await createSandbox(agent);
  await shell(agent, id, "setsid python3 -m http.server 7777 > /dev/null 2>&1 < /dev/null &");
  await waitFor(
    "the port",
    async () => (await agent.host.listPorts({ sandboxId: id })).ports.includes(7_777),
    30_000,
  );
  const metrics = await agent.host.getMetrics({ sandboxId: id });
  expect(metrics.cpuCount).toBe(1);
  expect(Number(metrics.memoryTotalBytes)).toBeGreaterThan(400_000_000);
  expect(Number(metrics.diskTotalBytes)).toBeGreaterThan(4_000_000_000);
  await shell(agent, id, "echo said to the console > /dev/console");
  const { console: text } = await agent.host.getSandboxLogs({ sandboxId: id });
  expect(new TextDecoder().decode(text)).toContain("said to the console");
  await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  const later = await agent.host.getSandboxLogs({ sandboxId: id });
  expect(new TextDecoder().decode(later.console)).toContain("said to the console");
  await agent.host.destroySandbox({ sandboxId: id });
}, 60_000);
