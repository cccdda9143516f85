/**
 * Clients work on sandboxes at random while agent, server and machines are killed under them; afterwards
 * every sandbox is what it is said to be, none is lost and nothing is left over.
 *
 * `WRENN_FAULTS_SEED` chooses the schedule, `WRENN_FAULTS_SECONDS` how long it goes on.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { expectTrueStates } from "../support/invariants.ts";
import { JoinedAgent } from "../support/joined-agent.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { ServerProcess } from "../support/server-process.ts";
import { createKey, signUp } from "../support/server.ts";
import { readNamespaces, readTraces } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";
import { runClient } from "./client.ts";
import { runKiller } from "./killer.ts";
import { Random } from "./random.ts";
import { World } from "./world.ts";

const SEED = Number(process.env["WRENN_FAULTS_SEED"] ?? 1);
const SECONDS = Number(process.env["WRENN_FAULTS_SECONDS"] ?? 40);
const CLIENTS = 3;
const AFTER_MS = 120_000;

setDefaultTimeout(SECONDS * 1_000 + 300_000);

let database: TestDatabase;
let server: ServerProcess;
let agent: JoinedAgent;
let api: SandboxApi;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await ServerProcess.start(database.url);
  const admin = await signUp(server.url);
  api = new SandboxApi(server.url, await createKey(server.url, admin));
  agent = await JoinedAgent.join({ serverUrl: server.url, token: admin.token });
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await database.drop();
});

test(`seed ${SEED}, ${SECONDS} s, ${CLIENTS} clients`, async () => {
  const clean = await readTraces(agent.directory);
  const world = new World(api);
  const endsAt = performance.now() + SECONDS * 1_000;
  const isOver = () => performance.now() >= endsAt;
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    runClient(world, new Random(SEED + 1_000 * (index + 1)), isOver),
  );
  const targets = { server, agent, databaseUrl: database.url };
  const [killed] = await Promise.all([runKiller(targets, new Random(SEED), isOver), ...clients]);
  await agent.online();
  console.log(`seed ${SEED}: killed ${killed.join(", ")}`, Object.fromEntries(world.outcomes));

  expect(world.offences).toEqual([]);
  await expectTrueStates({ api, agent, databaseUrl: database.url }, [...world.alive]);
  for (const [id, mark] of world.marks) {
    if (world.alive.has(id)) expect([id, await api.run(id, "cat mark")]).toEqual([id, `${mark}\n`]);
  }

  for (const { id } of (await api.ok("?limit=200")).items) await api.remove(id);
  const isClean = async () => Bun.deepEquals(await readTraces(agent.directory), clean);
  await waitFor("nothing is left of any", isClean, AFTER_MS).catch(async () => {
    expect(await readTraces(agent.directory)).toEqual(clean);
  });
  await agent.stop();
  expect(await readNamespaces(agent.directory)).toEqual([]);
});
