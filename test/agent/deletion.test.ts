/** A host that its server deleted: gone on the server's signed word, whole on anything less. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { generateKeyPair } from "jose";

import { writeCredentials } from "../../agent/control/credentials.ts";
import { createLayout } from "../../agent/images/layout.ts";
import { findSlots } from "../../agent/net/machine-slots.ts";
import { findVmProcesses } from "../../agent/vm/strays.ts";
import { TestAgent } from "../support/agent.ts";
import { createSandbox, shell } from "../support/sandboxes.ts";
import { waitFor } from "../support/wait-for.ts";

/** Stands in for the server; what it answers is the test's to change. */
const fine = () => Response.json({ acknowledged_seq: null, server_time: "" });
let answer: () => Response = fine;
let beats = 0;
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: () => {
    beats += 1;
    return answer();
  },
});
afterAll(() => server.stop(true));

const gone = (statement?: string) => () =>
  Response.json({ error: { code: "host_deleted", message: "It was deleted.", statement } }, { status: 410 });

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start({
    serverUrl: `http://127.0.0.1:${server.port}`,
    env: { WRENN_HEARTBEAT_MS: "200" },
  });
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

const layout = () => createLayout(agent.directory);

/** One that runs and one that is paused. */
const twoSandboxes = async (): Promise<[string, string]> => {
  const running = await createSandbox(agent);
  const paused = await createSandbox(agent);
  await agent.host.pauseSandbox({ sandboxId: paused, keepMemory: true });
  return [running, paused];
};

/** Nothing of sandboxes is left on the machine; what templates need is. */
const expectNothingLeft = async (layersBefore: string[]): Promise<void> => {
  expect(findVmProcesses(agent.directory)).toHaveLength(0);
  expect([...(await findSlots(layout().instanceId))]).toEqual([]);
  expect(readdirSync(layout().sandboxes)).toEqual([]);
  expect(readdirSync(layout().layers).sort()).toEqual(layersBefore);
  expect(existsSync(layout().credentialsFile)).toBe(false);
  expect(readdirSync(layout().templates)).not.toEqual([]);
};

let layersBefore: string[] = [];
let credentials = "";
beforeEach(async () => {
  answer = fine;
  if (!existsSync(layout().credentialsFile)) {
    await writeCredentials(layout().credentialsFile, JSON.parse(credentials));
    await agent.launch();
  }
  credentials = readFileSync(layout().credentialsFile, "utf8");
  layersBefore = readdirSync(layout().layers).sort();
});

test("a statement of another key destroys nothing: the host pauses, and is there again", async () => {
  const { privateKey } = await generateKeyPair("EdDSA");
  const [running, paused] = await twoSandboxes();
  answer = gone(await agent.deletionStatement(privateKey));
  const state = async () =>
    (await agent.host.listSandboxes({})).sandboxes.map(({ sandboxId, memoryKept, reason }) => ({
      sandboxId,
      memoryKept,
      reason,
    }));
  await waitFor(
    "the pause",
    async () => (await state()).some(({ reason }) => reason === "server_lost"),
    30_000,
  );
  const before = beats;
  await waitFor("more beats", () => beats > before + 5, 10_000);
  expect(agent.logs.some(({ event }) => event === "deletion_not_proven")).toBe(true);
  expect(agent.logs.filter(({ event }) => event === "pausing_all")).toHaveLength(1);
  expect((await state()).every(({ memoryKept }) => memoryKept)).toBe(true);
  answer = fine;
  for (const sandboxId of [running, paused]) await agent.host.destroySandbox({ sandboxId });
}, 120_000);

test("the server's statement ends its sandboxes, and then the agent, for good", async () => {
  await twoSandboxes();
  answer = gone(await agent.deletionStatement());
  expect(await agent.ended()).toBe(0);
  expect(agent.logs.at(-1)).toMatchObject({ event: "host_left", directory: agent.directory });
  await expectNothingLeft(layersBefore);
  // An operator has to act: systemd is told not to try again.
  expect(await agent.launchToEnd()).toBe(78);
}, 120_000);

test("an agent killed in the middle carries it through at its next start, without the server", async () => {
  await twoSandboxes();
  await agent.crash();
  answer = () => new Response(null, { status: 503 });
  const deletion_statement = await agent.deletionStatement();
  await writeCredentials(layout().credentialsFile, { ...JSON.parse(credentials), deletion_statement });
  // One sandbox's journal cannot be read: it goes too.
  const [name = ""] = readdirSync(layout().sandboxes);
  await Bun.write(join(layout().sandboxes, name, "journal.json"), "{");
  expect(findVmProcesses(agent.directory)).not.toHaveLength(0);
  expect(await agent.launchToEnd()).toBe(0);
  await expectNothingLeft(layersBefore);
}, 120_000);

test("an agent killed at any moment of it leaves the rest to the next", async () => {
  for (const delayMs of [0, 20, 60, 150]) {
    answer = fine;
    if (!existsSync(layout().credentialsFile)) {
      await writeCredentials(layout().credentialsFile, JSON.parse(credentials));
      await agent.launch();
    }
    await twoSandboxes();
    answer = gone(await agent.deletionStatement());
    const isTold = () =>
      !existsSync(layout().credentialsFile) ||
      readFileSync(layout().credentialsFile, "utf8").includes("deletion_statement");
    await waitFor("the agent to know", isTold, 10_000, 1);
    await Bun.sleep(delayMs);
    await agent.crash();
    // Either it was through, and only an operator can start it again, or it is through now.
    expect([0, 78]).toContain(await agent.launchToEnd());
    await expectNothingLeft(layersBefore);
  }
}, 180_000);

test("what a file claims that nobody signed destroys nothing", async () => {
  const id = await createSandbox(agent);
  await agent.crash();
  const claims = { ...JSON.parse(credentials), deletion_statement: "deleted" };
  await writeCredentials(layout().credentialsFile, claims);
  await agent.launch();
  expect((await shell(agent, id, "echo alive")).stdout).toBe("alive\n");
  await agent.host.destroySandbox({ sandboxId: id });
}, 120_000);
