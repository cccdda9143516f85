/** PostgreSQL goes away under open streams: they wait, and tell what happened when it is back. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startEmbedded } from "../../db/embedded.ts";
import type { EmbeddedDatabase } from "../../db/embedded.ts";
import { migrate } from "../../db/migrate.ts";
import { connectDatabase } from "../../db/sql.ts";
import { parseTeamId } from "../../proto/ids.ts";
import { readConfig } from "../../server/config.ts";
import { createLog } from "../../server/log.ts";
import { startServer } from "../../server/start.ts";
import type { RunningServer } from "../../server/start.ts";
import { EventStream } from "../support/event-stream.ts";
import { signUp } from "../support/server.ts";
import type { TestPerson } from "../support/server.ts";

setDefaultTimeout(60_000);

let directory = "";
let database: EmbeddedDatabase;
let server: RunningServer;
let person: TestPerson;
const warnings: string[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "wrenn-events-"));
  await chmod(directory, 0o755);
  database = await startEmbedded({ directory });
  const { role } = await migrate({ url: database.url });
  const sql = connectDatabase({ url: database.url, applicationName: "wrenn server", role });
  const config = readConfig({
    WRENN_LISTEN: "127.0.0.1:0",
    DATABASE_URL: database.url,
    WRENN_RECHECK_MS: "200",
  });
  const log = createLog((line) => warnings.push(...(line.includes('"warn"') ? [line] : [])));
  server = await startServer({ config, sql, log });
  person = await signUp(server.url);
});
afterAll(async () => {
  await server.stop();
  await database.stop();
  await rm(directory, { recursive: true, force: true });
});

/** As anyone else would who writes to the database. */
const rename = async (name: string): Promise<void> => {
  const sql = connectDatabase({ url: database.url, applicationName: "someone", maxConnections: 1 });
  await sql`update teams set name = ${name} where id = ${parseTeamId(person.teamId)}`;
  await sql.end({ timeout: 5 });
};
const isNamed = (stream: EventStream, name: string) =>
  stream.next(name, ({ event, data }) => event === "team" && data.resource?.["name"] === name, 20_000);

test("stopped and started again: what was changed before the server is back is told", async () => {
  await using stream = await EventStream.open(server.url, { token: person.token });
  await rename("Before");
  await isNamed(stream, "Before");
  for (const name of ["Once", "Twice"]) {
    await database.stop();
    expect(stream.hasEnded).toBe(false);
    database = await startEmbedded({ directory });
    await rename(name);
    await isNamed(stream, name);
  }
  // Nobody was sent away for it, nor told to fetch anew, and each time it was said once in the log.
  expect(stream.hasEnded).toBe(false);
  expect(new Set(stream.events.map(({ event }) => event))).toEqual(new Set(["ready", "team"]));
  const said = warnings.filter((line) => line.includes("events cannot be read"));
  expect(said.length).toBeGreaterThan(0);
  expect(said.length).toBeLessThanOrEqual(2);
});

test("a stream that was opened before it went away goes on after, from another server", async () => {
  const stream = await EventStream.open(server.url, { token: person.token });
  await stream.close();
  await database.stop();
  database = await startEmbedded({ directory });
  await rename("Thrice");
  const config = readConfig({ WRENN_LISTEN: "127.0.0.1:0", DATABASE_URL: database.url });
  const sql = connectDatabase({ url: database.url, applicationName: "second server" });
  const second = await startServer({ config, sql, log: createLog(() => {}) });
  const again = await EventStream.open(second.url, { token: person.token, lastEventId: stream.lastId });
  await isNamed(again, "Thrice");
  expect(again.events[0]).toEqual({ event: "ready", data: { resumed: true } });
  await again.close();
  await second.stop();
});
