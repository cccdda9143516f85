/**
 * An agent whose server has another memory: over an older, a foreign or an empty database nothing on the host
 * is destroyed.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { createLayout } from "../../agent/images/layout.ts";
import { connectDatabase } from "../../db/sql.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { dumpDatabase } from "../../server/up/backup/dump.ts";
import { loadDatabase } from "../../server/up/backup/load.ts";
import { makeDirectory, removeDirectory } from "../support/agent-directory.ts";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "../support/database.ts";
import { expectTrueStates } from "../support/invariants.ts";
import { JoinedAgent } from "../support/joined-agent.ts";
import { SandboxApi } from "../support/sandbox-api.ts";
import { ServerProcess } from "../support/server-process.ts";
import { call, createKey, signUp } from "../support/server.ts";
import { readJournalOf } from "../support/traces.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(240_000);

/** A server that starts again is not missed three times in that: what is paused is paused by the reconcile. */
const HEARTBEAT_MS = "5000";
const SETTLE_MS = 60_000;

let scratch: string;
let database: TestDatabase;
let server: ServerProcess;
let agent: JoinedAgent;
let api: SandboxApi;

beforeAll(async () => {
  scratch = await makeDirectory("backup");
  database = await createTestDatabase();
  server = await ServerProcess.start(database.url);
  const admin = await signUp(server.url);
  api = new SandboxApi(server.url, await createKey(server.url, admin));
  agent = await JoinedAgent.join({
    serverUrl: server.url,
    token: admin.token,
    env: { WRENN_HEARTBEAT_MS: HEARTBEAT_MS },
  });
});
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await database.drop();
  await removeDirectory(scratch);
});

const idsOnHost = async (): Promise<string[]> =>
  (await readdir(createLayout(agent.directory).sandboxes)).map(formatSandboxId).sort();

/** Memory in a file only memory holds: it is gone when the sandbox was not kept as it was. */
const marked = async (): Promise<string> => {
  const id = await api.create({ timeout_sec: 0 });
  await api.run(id, `echo ${id} > /dev/shm/mark`);
  return id;
};

const expectMarks = async (ids: string[]): Promise<void> => {
  for (const id of ids) expect(await api.run(id, "cat /dev/shm/mark")).toBe(`${id}\n`);
};

const isAsleep = async (id: string): Promise<boolean> => {
  const journal = await readJournalOf(agent.directory, id);
  return journal.state === "paused" && journal.saved !== null;
};

const allAsleep = (ids: string[]) => async () => (await Promise.all(ids.map(isAsleep))).every(Boolean);

const backUp = async (path: string): Promise<void> => {
  await dumpDatabase(database.ownerSql, path);
};

/** URL of a new database with the backup in it. */
const restore = async (path: string): Promise<{ url: string; drop(): Promise<void> }> => {
  const empty = await createEmptyDatabase();
  const sql = connectDatabase({ url: empty.url, applicationName: "wrenn test", maxConnections: 1 });
  try {
    await loadDatabase(sql, { url: empty.url, path });
  } finally {
    await sql.end({ timeout: 5 });
  }
  return empty;
};

test("an older backup: what it does not know is paused and kept, what it knows goes on", async () => {
  const known = await marked();
  const path = join(scratch, "older.backup");
  await backUp(path);
  const late = await marked();
  const latePaused = await marked();
  await api.pause(latePaused);
  const all = await idsOnHost();
  await server.stop();

  const older = await restore(path);
  await server.launch(older.url);
  await waitFor("the unknown one sleeps", () => isAsleep(late), SETTLE_MS);
  expect((await api.request(`/${late}`)).status).toBe(404);
  expect(await api.read(known)).toMatchObject({ status: "running" });
  await expectMarks([known]);
  expect(await idsOnHost()).toEqual(all);
  await server.stop();
  await older.drop();

  // The right database again: all three are as they were left.
  await server.launch(database.url);
  await expectTrueStates({ api, agent, databaseUrl: database.url }, [known, late, latePaused]);
  await expectMarks([known, late, latePaused]);
  for (const id of [known, late, latePaused]) await api.remove(id);
});

/** A copy of the database under other keys, in which the host was deleted: what it signs is not this server's word. */
const makeForeign = async (): Promise<{ url: string; drop(): Promise<void> }> => {
  const path = join(scratch, "foreign.backup");
  await backUp(path);
  const foreign = await restore(path);
  const sql = connectDatabase({ url: foreign.url, applicationName: "wrenn test", maxConnections: 1 });
  try {
    await sql`delete from settings`;
    await sql`update sandboxes set status = 'stopped', status_reason = 'deleted'`;
    await sql`update hosts set deleted_at = now()`;
  } finally {
    await sql.end({ timeout: 5 });
  }
  return foreign;
};

test("a foreign database that claims to have deleted the host: all sleep and none is gone", async () => {
  const ids = [await marked(), await marked()];
  await waitFor("only they are left", async () => (await idsOnHost()).length === ids.length, SETTLE_MS);
  await server.stop();
  const foreign = await makeForeign();
  await server.launch(foreign.url);
  const { refresh_token } = await Bun.file(createLayout(agent.directory).credentialsFile).json();
  const claim = await call(server.url, "/v1/hosts/auth/refresh", { body: { refresh_token } });
  expect([claim.status, claim.body.error?.code]).toEqual([410, "host_deleted"]);
  await waitFor("all sleep", allAsleep(ids), SETTLE_MS);
  expect(await idsOnHost()).toEqual(ids.toSorted());
  await server.stop();
  await foreign.drop();

  await server.launch(database.url);
  await agent.online();
  await expectTrueStates({ api, agent, databaseUrl: database.url }, ids);
  await expectMarks(ids);
  for (const id of ids) await api.remove(id);
});

test("an empty database: the host is a stranger there, all its sandboxes sleep and none is gone", async () => {
  const ids = [await marked(), await marked()];
  await waitFor("only they are left", async () => (await idsOnHost()).length === ids.length, SETTLE_MS);
  await server.stop();
  const empty = await createEmptyDatabase();
  await server.launch(empty.url);
  await waitFor("all sleep", allAsleep(ids), SETTLE_MS);
  expect(await idsOnHost()).toEqual(ids.toSorted());
  await server.stop();
  await empty.drop();

  await server.launch(database.url);
  await agent.online();
  await expectTrueStates({ api, agent, databaseUrl: database.url }, ids);
  await expectMarks(ids);
});
