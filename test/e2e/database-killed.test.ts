/** PostgreSQL is killed in the middle of creates: afterwards every sandbox is in a true state, and none leaks. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { type EmbeddedDatabase, startEmbedded } from "../../db/embedded.ts";
import { makeDirectory, removeDirectory } from "../support/agent-directory.ts";
import { expectTrueStates } from "../support/invariants.ts";
import { JoinedAgent } from "../support/joined-agent.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { ServerProcess } from "../support/server-process.ts";
import { createKey, signUp } from "../support/server.ts";
import { readTraces } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(240_000);

const ROUNDS_MS = [0, 150, 500];

let directory: string;
let database: EmbeddedDatabase;
let server: ServerProcess;
let agent: JoinedAgent;
let api: SandboxApi;

beforeAll(async () => {
  directory = await makeDirectory("database");
  database = await startEmbedded({ directory });
  server = await ServerProcess.start(database.url);
  const admin = await signUp(server.url);
  api = new SandboxApi(server.url, await createKey(server.url, admin));
  agent = await JoinedAgent.join({ serverUrl: server.url, token: admin.token });
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await database.stop();
  await removeDirectory(directory);
});

test("creates that are under way when it dies", async () => {
  const clean = await readTraces(agent.directory);
  const kept = await api.create({ timeout_sec: 0 });
  await api.run(kept, "echo kept > kept.txt");
  for (const delayMs of ROUNDS_MS) {
    const creates = Array.from({ length: 3 }, () => api.request("", { template: "minimal", timeout_sec: 0 }));
    await Bun.sleep(delayMs);
    process.kill(database.pid, "SIGKILL");
    for (const { status, body } of await Promise.all(creates)) {
      expect([201, 503]).toContain(status);
      if (status === 503) expect(body.error?.code).toBe("database_unavailable");
    }
    database = await startEmbedded({ directory });
    await waitFor("the server is back", async () => (await fetch(`${server.url}/ready`)).ok, 30_000);
  }
  await expectTrueStates({ api, agent, databaseUrl: database.url });
  expect(await api.run(kept, "cat kept.txt")).toBe("kept\n");

  for (const { id } of (await api.ok("?limit=200")).items) await api.remove(id);
  await waitFor(
    "nothing is left of any",
    async () => Bun.deepEquals(await readTraces(agent.directory), clean),
    120_000,
  );
});
