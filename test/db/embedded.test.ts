/** The embedded PostgreSQL through what happens to it: kills, second starts, long paths, closed directories. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { embeddedUrl, startEmbedded } from "../../db/embedded.ts";
import type { EmbeddedDatabase } from "../../db/embedded.ts";
import { connectDatabase } from "../../db/sql.ts";
import { waitFor } from "../support/wait-for.ts";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "wrenn-embedded-"));
  await chmod(root, 0o755);
});
const started: EmbeddedDatabase[] = [];
afterAll(async () => {
  // What a failed test left running.
  await Promise.all(started.map((database) => database.stop()));
  await rm(root, { recursive: true, force: true });
});

const start = async (directory: string, volatile = true): Promise<EmbeddedDatabase> => {
  const database = await startEmbedded({ directory, volatile });
  started.push(database);
  return database;
};

const query = async (url: string, text: string): Promise<readonly Record<string, unknown>[]> => {
  const sql = connectDatabase({ url, applicationName: "test", maxConnections: 1 });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 1 });
  }
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const waitUntilGone = (pid: number) => waitFor(`the end of ${pid}`, () => !isAlive(pid));

describe("startEmbedded", () => {
  test("keeps data over a stop, a second start and a kill; listens on its socket only", async () => {
    const directory = join(root, "life");
    const startDurable = () => start(directory, false);
    const first = await startDurable();
    expect(first.adopted).toBe(false);
    expect(first.url).toBe(await embeddedUrl(directory));
    const [settings] = await query(first.url, "select current_setting('listen_addresses') as addresses");
    expect(settings?.addresses).toBe("");
    await query(first.url, "create table kept (n int); insert into kept values (41)");

    const second = await startDurable();
    expect([second.adopted, second.pid]).toEqual([true, first.pid]);

    process.kill(first.pid, "SIGKILL");
    await waitUntilGone(first.pid);
    const third = await startDurable();
    expect(third.adopted).toBe(false);
    await query(third.url, "update kept set n = n + 1");
    await third.stop();
    expect(isAlive(third.pid)).toBe(false);

    const fourth = await startDurable();
    expect(await query(fourth.url, "select n from kept")).toMatchObject([{ n: 42 }]);
    await fourth.stop();
    for (const name of ["data", "socket"]) {
      const { mode, uid } = await stat(join(directory, name));
      expect(mode & 0o777).toBe(0o700);
      expect(uid).not.toBe(0);
    }
  }, 60_000);

  test("a pid file that names some other program does not hinder the start", async () => {
    const directory = join(root, "stale");
    const first = await start(directory);
    process.kill(first.pid, "SIGKILL");
    await waitUntilGone(first.pid);
    await Bun.write(join(directory, "data/postmaster.pid"), `${process.pid}\n${join(directory, "data")}\n`);
    const second = await start(directory);
    expect(second.adopted).toBe(false);
    await second.stop();
  }, 60_000);

  test("an initdb that was killed is begun again", async () => {
    const directory = join(root, "half");
    await mkdir(join(directory, "data"), { recursive: true });
    await Bun.write(join(directory, "data/PG_VERSION"), "18\n");
    const database = await start(directory);
    expect(await query(database.url, "select 1 as one")).toMatchObject([{ one: 1 }]);
    await database.stop();
  }, 60_000);

  test("a path too long for a socket is no hindrance", async () => {
    const directory = join(root, "d".repeat(60), "e".repeat(60));
    const database = await start(directory);
    expect(database.url).not.toContain("e".repeat(60));
    expect(database.url).toBe(await embeddedUrl(directory));
    await database.stop();
  }, 60_000);

  test.skipIf(process.getuid?.() !== 0)(
    "says which directory the database's user may not enter",
    async () => {
      const closed = join(root, "closed");
      await mkdir(closed, { mode: 0o700 });
      expect(start(join(closed, "database"))).rejects.toThrow(
        `may not enter ${closed}. Choose a data directory outside`,
      );
    },
  );
});
