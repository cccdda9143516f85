/** A drained host: nothing new, nothing lost, also after a restart. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { Code, ConnectError } from "@connectrpc/connect";

import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { anotherHostMay, readFailure } from "../../server/hosts/failures.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox, newSandboxId, shell } from "../support/sandboxes.ts";

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start();
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

const refusal = async (call: Promise<unknown>): Promise<unknown> => {
  try {
    await call;
  } catch (error) {
    const { code, metadata } = ConnectError.from(error);
    // The server reads it so, and asks the next host.
    expect(anotherHostMay(readFailure(error))).toBe(true);
    return [code, metadata.get(HOST_ERROR_HEADER)];
  }
  throw new Error("the call was not refused");
};
const REFUSED = [Code.ResourceExhausted, "draining"];

const fork = (sandboxId: string) => {
  const child = newSandboxId();
  const children = [{ sandboxId: child, accessToken: accessTokenOf(child) }];
  return agent.host.forkSandbox({ sandboxId, children });
};

const isDraining = async () => (await agent.host.getHostStatus({})).draining;

const statuses = async () =>
  new Map((await agent.host.listSandboxes({})).sandboxes.map(({ sandboxId, status }) => [sandboxId, status]));

test("creates and forks are refused, what is there goes on, and a restart changes nothing", async () => {
  const id = await createSandbox(agent);
  await agent.host.drain({ pause: false });
  await agent.host.drain({ pause: false });
  for (const start of [async () => {}, () => agent.crash().then(() => agent.launch())]) {
    await start();
    expect(await isDraining()).toBe(true);
    expect(await refusal(createSandbox(agent))).toEqual(REFUSED);
    expect(await refusal(fork(id))).toEqual(REFUSED);
    expect((await shell(agent, id, "echo alive")).stdout).toBe("alive\n");
  }
  await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  await agent.host.undrain({});
  await agent.crash();
  await agent.launch();
  expect(await isDraining()).toBe(false);
  expect((await fork(id)).results.map(({ error }) => error)).toEqual([""]);
  for (const sandboxId of (await statuses()).keys()) await agent.host.destroySandbox({ sandboxId });
}, 120_000);

test("with pause everything rests, what is only being made included", async () => {
  const running = [await createSandbox(agent), await createSandbox(agent)];
  const late = newSandboxId();
  const making = createSandbox(agent, { sandboxId: late });
  // It counts as begun once the host lists it.
  while (!(await statuses()).has(late)) await Bun.sleep(1);
  await agent.host.drain({ pause: true });
  await making;
  const after = await statuses();
  expect([...running, late].map((id) => after.get(id))).toEqual(Array(3).fill(SandboxStatus.PAUSED));
  await agent.host.undrain({});
  await agent.host.resumeSandbox({ sandboxId: late, accessToken: accessTokenOf(late) });
  expect((await shell(agent, late, "echo alive")).stdout).toBe("alive\n");
  for (const sandboxId of after.keys()) await agent.host.destroySandbox({ sandboxId });
}, 120_000);
