/** Timeouts, kept by the agent alone. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { SandboxStatus, TimeoutAction, TimeoutKind } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { TestAgent } from "../support/agent.ts";
import { createSandbox, processClient, shell } from "../support/sandboxes.ts";
import { waitFor } from "../support/wait-for.ts";

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start();
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

const stateOf = async (sandboxId: string) =>
  (await agent.host.listSandboxes({})).sandboxes.find((sandbox) => sandbox.sandboxId === sandboxId);

/** Seconds until the sandbox has this status. */
const secondsUntil = async (sandboxId: string, status: SandboxStatus): Promise<number> => {
  const startedMs = performance.now();
  await waitFor(`status ${status}`, async () => (await stateOf(sandboxId))?.status === status, 15_000);
  return (performance.now() - startedMs) / 1_000;
};

test("an idle sandbox is paused in time, activity moves it", async () => {
  const timeout = { kind: TimeoutKind.IDLE, timeoutSec: 2, action: TimeoutAction.PAUSE };
  const id = await createSandbox(agent, { timeout });
  const started = performance.now();
  for (let beat = 0; beat < 6; beat++) {
    await agent.host.pingSandbox({ sandboxId: id });
    await Bun.sleep(500);
  }
  expect((await stateOf(id))?.status).toBe(SandboxStatus.RUNNING);
  expect(performance.now() - started).toBeGreaterThan(2_500);
  expect(await secondsUntil(id, SandboxStatus.PAUSED)).toBeLessThan(3);
  const state = await stateOf(id);
  expect({ reason: state?.reason, kept: state?.memoryKept }).toEqual({ reason: "timeout", kept: true });
  await agent.host.destroySandbox({ sandboxId: id });
}, 60_000);

test("a running stream keeps an idle sandbox awake", async () => {
  const timeout = { kind: TimeoutKind.IDLE, timeoutSec: 1, action: TimeoutAction.PAUSE };
  const id = await createSandbox(agent, { timeout });
  expect((await shell(agent, id, "sleep 3; echo done")).stdout).toBe("done\n");
  expect(await secondsUntil(id, SandboxStatus.PAUSED)).toBeLessThan(2.5);
  await agent.host.destroySandbox({ sandboxId: id });
}, 60_000);

test("a deadline is not moved by activity, and may kill", async () => {
  const timeout = { kind: TimeoutKind.DEADLINE, timeoutSec: 2, action: TimeoutAction.KILL };
  const id = await createSandbox(agent, { timeout });
  const stop = new AbortController();
  const events = processClient(agent, id).start(
    { process: { cmd: "/bin/sleep", args: ["60"] }, stdin: false },
    { signal: stop.signal },
  );
  const followed = (async () => {
    for await (const _event of events) await agent.host.pingSandbox({ sandboxId: id });
    return "ended politely";
  })().catch(() => "reset");
  expect(await secondsUntil(id, SandboxStatus.ENDED)).toBeLessThan(3.5);
  expect(await followed).toBe("reset");
  stop.abort();
  expect((await stateOf(id))?.reason).toBe("timeout");

  // The fact stays until the server has recorded it, also over a restart.
  await agent.crash();
  await agent.launch();
  expect((await stateOf(id))?.status).toBe(SandboxStatus.ENDED);
  await agent.host.acknowledgeEnded({ sandboxIds: [id] });
  expect(await stateOf(id)).toBeUndefined();
}, 60_000);

test("an update sets the deadline anew, and a restart keeps it", async () => {
  const timeout = { kind: TimeoutKind.DEADLINE, timeoutSec: 600, action: TimeoutAction.PAUSE };
  const id = await createSandbox(agent, { timeout });
  await agent.host.updateSandbox({ sandboxId: id, timeout: { ...timeout, timeoutSec: 3 } });
  await agent.crash();
  await agent.launch();
  expect((await stateOf(id))?.status).toBe(SandboxStatus.RUNNING);
  expect(await secondsUntil(id, SandboxStatus.PAUSED)).toBeLessThan(4);
  await agent.host.destroySandbox({ sandboxId: id });
}, 60_000);
