/** PostgreSQL goes away in the middle: quick, honest answers, and work again by itself when it is back. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { startEmbedded } from "../../db/embedded.ts";
import type { EmbeddedDatabase } from "../../db/embedded.ts";
import { migrate } from "../../db/migrate.ts";
import { connectDatabase } from "../../db/sql.ts";
import { readConfig } from "../../server/config.ts";
import { createLog } from "../../server/log.ts";
import { startServer } from "../../server/start.ts";
import type { RunningServer } from "../../server/start.ts";
import { call, signUp } from "../support/server.ts";
import type { TestPerson } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

let directory = "";
let database: EmbeddedDatabase;
let server: RunningServer;
let person: TestPerson;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "wrenn-away-"));
  await chmod(directory, 0o755);
  database = await startEmbedded({ directory });
  const { role } = await migrate({ url: database.url });
  const sql = connectDatabase({ url: database.url, applicationName: "wrenn server", role });
  const config = readConfig({ WRENN_LISTEN: "127.0.0.1:0", DATABASE_URL: database.url });
  server = await startServer({ config, sql, log: createLog(() => {}) });
  person = await signUp(server.url);
});

afterAll(async () => {
  await server.stop();
  await database.stop();
  await rm(directory, { recursive: true, force: true });
});

const me = () => call(server.url, "/v1/me", { token: person.token });

const expectAway = async (): Promise<void> => {
  const startedMs = performance.now();
  const answers = await Promise.all([...Array.from({ length: 20 }, me), call(server.url, "/ready")]);
  for (const { status, body, headers } of answers) {
    expect([status, body.error?.code]).toEqual([503, "database_unavailable"]);
    expect(headers.get("retry-after")).toBe("1");
  }
  expect(performance.now() - startedMs).toBeLessThan(3_000);
  expect((await call(server.url, "/health")).status).toBe(200);
};

const expectBack = () =>
  waitFor("the database", async () => {
    const [ready, mine] = await Promise.all([call(server.url, "/ready"), me()]);
    return ready.status === 200 && mine.status === 200;
  });

test("stopped and started again", async () => {
  expect((await me()).status).toBe(200);
  await database.stop();
  await expectAway();
  // Twice: the second time no connection is left over to notice it by.
  await expectAway();
  database = await startEmbedded({ directory });
  await expectBack();
}, 60_000);

test("killed while requests are under way: each is answered, none is lost", async () => {
  const under = Array.from({ length: 50 }, me);
  process.kill(database.pid, "SIGKILL");
  for (const { status } of await Promise.all(under)) expect([200, 503]).toContain(status);
  database = await startEmbedded({ directory });
  await expectBack();
}, 60_000);

/** The server's first process and all its others. */
const processesOf = async (pid: number): Promise<number[]> => {
  const children = await Bun.file(`/proc/${pid}/task/${pid}/children`).text();
  return [pid, ...children.split(" ").flatMap((text) => Number(text) || [])];
};

test("frozen: requests end by a deadline of ours, and go on when it thaws", async () => {
  await expectBack();
  const frozen = await processesOf(database.pid);
  for (const pid of frozen) process.kill(pid, "SIGSTOP");
  try {
    const startedMs = performance.now();
    const answers = await Promise.all([call(server.url, "/ready"), me(), me()]);
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503]);
    expect(performance.now() - startedMs).toBeLessThan(10_000);
  } finally {
    for (const pid of frozen) process.kill(pid, "SIGCONT");
  }
  await expectBack();
}, 60_000);
