/** A sandbox's life on a real agent: create, use, pause, resume, fork, snapshot, destroy. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { newId } from "../../proto/ids.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox, newSandboxId, shell, TEAM } from "../support/sandboxes.ts";

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

test("create, run a command, pause, resume, destroy", async () => {
  const id = await createSandbox(agent, { envs: { GREETING: "hello" } });
  expect((await shell(agent, id, 'echo "$GREETING $(id -un)"')).stdout).toBe("hello root\n");
  await shell(
    agent,
    id,
    "echo kept > /root/file; (while true; do date +%s%N > /tmp/tick; sleep 0.1; done) >/dev/null 2>&1 &",
  );

  const paused = await agent.host.pauseSandbox({ sandboxId: id, keepMemory: true });
  expect(paused.sandbox?.status).toBe(SandboxStatus.PAUSED);
  expect(paused.sandbox?.memoryKept).toBe(true);

  const resumed = await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
  expect(resumed.sandbox?.status).toBe(SandboxStatus.RUNNING);
  const first = (await shell(agent, id, "cat /tmp/tick")).stdout;
  const { stdout } = await shell(agent, id, "sleep 0.5; cat /tmp/tick; cat /root/file");
  expect(stdout).toEndWith("kept\n");
  expect(stdout).not.toStartWith(first);

  await agent.host.destroySandbox({ sandboxId: id });
  expect(await statusOf(id)).toBeUndefined();
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
  const made = await agent.host.createSnapshot({ sandboxId: source, template });
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
