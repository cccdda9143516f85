/** The PostgreSQL process of a cluster: found, spawned, waited for, stopped. */
import { open, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { connectDatabase, isDatabaseAway } from "../sql.ts";
import type { Sql } from "../sql.ts";
import { clusterSettings, ENVIRONMENT } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { EmbeddedDatabaseError } from "./error.ts";

const LOG_KEPT_BYTES = 8 * 1024 * 1024;
const STOP_TIMEOUT_MS = 10_000;
const POLL_MS = 5;

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
};

/**
 * Process id of the server that owns `data`, or null. A pid file whose process is gone, or is by now some
 * other program (after a reboot numbers repeat), is removed: PostgreSQL would refuse to start because of it.
 */
export const findRunning = async (data: string): Promise<number | null> => {
  const pidFile = join(data, "postmaster.pid");
  const text = await readFile(pidFile, "utf8").catch(() => null);
  if (text === null) return null;
  const pid = Number(text.split("\n", 1)[0]);
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  if (Number.isInteger(pid) && pid > 1 && name.trim() === "postgres" && isAlive(pid)) return pid;
  await rm(pidFile, { force: true });
  return null;
};

export const spawnServer = async (cluster: Cluster): Promise<number> => {
  const { programs, data, user, logFile } = cluster;
  const size = (await stat(logFile).catch(() => null))?.size ?? 0;
  const log = await open(logFile, size > LOG_KEPT_BYTES ? "w" : "a", 0o600);
  try {
    const settings = clusterSettings(cluster).flatMap((setting) => ["-c", setting]);
    const child = Bun.spawn([join(programs, "bin/postgres"), "-D", data, ...settings], {
      ...user,
      cwd: data,
      env: ENVIRONMENT,
      stdin: "ignore",
      stdout: log.fd,
      stderr: log.fd,
      // A Ctrl-C in the terminal is for us; the database goes last.
      detached: true,
    });
    child.unref();
    return child.pid;
  } finally {
    await log.close();
  }
};

const lastLines = async (logFile: string): Promise<string> =>
  (await readFile(logFile, "utf8").catch(() => "")).trim().split("\n").slice(-5).join("\n");

const ensureDatabase = async (sql: Sql, database: string): Promise<void> => {
  const [found] = await sql`select 1 from pg_database where datname = ${database}`;
  if (found === undefined) await sql`create database ${sql(database)}`;
};

/**
 * Resolves to true when the server answers and holds `database`, to false when its process has ended.
 * @param url of the maintenance database.
 */
export const waitUntilReady = async (options: {
  cluster: Cluster;
  url: string;
  database: string;
  pid: number;
  deadlineMs: number;
}): Promise<boolean> => {
  const { cluster, url, database, pid, deadlineMs } = options;
  for (;;) {
    const sql = connectDatabase({
      url,
      applicationName: "wrenn start",
      maxConnections: 1,
      connectTimeoutMs: 2_000,
    });
    try {
      await ensureDatabase(sql, database);
      return true;
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      if (!isAlive(pid)) return false;
      if (performance.now() > deadlineMs) {
        throw new EmbeddedDatabaseError(
          `PostgreSQL does not answer; its log is ${cluster.logFile}:\n${await lastLines(cluster.logFile)}`,
          { cause: error },
        );
      }
      await Bun.sleep(POLL_MS);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
};

/** What to say when a server ended by itself. */
export const endedError = async ({ logFile }: Cluster): Promise<EmbeddedDatabaseError> =>
  new EmbeddedDatabaseError(`PostgreSQL ended at its start:\n${await lastLines(logFile)}`);

export const stopProcess = async (pid: number): Promise<void> => {
  // SIGINT ends connections and shuts down cleanly; SIGQUIT leaves recovery to the next start.
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    if (isAlive(pid)) process.kill(pid, signal);
    const deadline = performance.now() + STOP_TIMEOUT_MS / 2;
    while (isAlive(pid) && performance.now() < deadline) await Bun.sleep(POLL_MS);
    if (!isAlive(pid)) return;
  }
  throw new EmbeddedDatabaseError(`PostgreSQL (process ${pid}) did not stop within ${STOP_TIMEOUT_MS} ms.`);
};
