/**
 * Runs the PostgreSQL that comes as an npm package: one server per directory, on a unix socket only, as an
 * unprivileged user. It outlives a killed parent on purpose, and the next start takes it over.
 */
import { chmod, mkdir, open, readFile, realpath, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import {
  EmbeddedDatabaseError,
  findClosedDirectory,
  preparePrivateDirectory,
  preparePrograms,
  socketDirectory,
} from "./embedded-files.ts";
import type { DatabaseUser } from "./embedded-files.ts";
import { chooseDatabaseUser } from "./embedded-user.ts";
import { connectDatabase, isDatabaseAway } from "./sql.ts";

export { EmbeddedDatabaseError } from "./embedded-files.ts";

export interface EmbeddedDatabase {
  /** For `DATABASE_URL`. The database exists. */
  url: string;
  pid: number;
  /** True when it already ran. */
  adopted: boolean;
  /** Ends its connections and stops it, within ten seconds. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Made when missing, with `data/`, the socket and the log in it. */
  directory: string;
  /** @default {"wrenn"} */
  database?: string;
  /** Trade safety in a crash of the machine for speed; for tests. @default {false} */
  volatile?: boolean;
  /** Recovery after a crash counts in. @default {60_000} */
  startTimeoutMs?: number;
}

const LOG_KEPT_BYTES = 8 * 1024 * 1024;
const STOP_TIMEOUT_MS = 10_000;

const databaseUrl = (socket: string, database: string): string =>
  `postgres://postgres@localhost/${database}?host=${encodeURIComponent(socket)}`;

/** The URL `startEmbedded` gives for this directory. */
export const embeddedUrl = async (directory: string, database = "wrenn"): Promise<string> =>
  databaseUrl(socketDirectory(await realpath(directory)), database);

const settings = (volatile: boolean): string[] => [
  "listen_addresses=",
  "unix_socket_permissions=0700",
  "max_connections=200",
  "shared_buffers=64MB",
  "wal_compression=on",
  "min_wal_size=64MB",
  "max_wal_size=512MB",
  "max_wal_senders=0",
  "timezone=UTC",
  "log_timezone=UTC",
  "jit=off",
  ...(volatile ? ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] : []),
];

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
const findRunning = async (data: string): Promise<number | null> => {
  const pidFile = join(data, "postmaster.pid");
  const text = await readFile(pidFile, "utf8").catch(() => null);
  if (text === null) return null;
  const pid = Number(text.split("\n", 1)[0]);
  const name = await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "");
  if (Number.isInteger(pid) && pid > 1 && name.trim() === "postgres" && isAlive(pid)) return pid;
  await rm(pidFile, { force: true });
  return null;
};

const environment = (): Record<string, string> => ({
  LC_ALL: "C",
  TZ: "UTC",
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
});

const initialize = async (options: {
  programs: string;
  data: string;
  user: DatabaseUser;
  volatile: boolean;
}): Promise<void> => {
  const { programs, data, user, volatile } = options;
  // A start that died during initdb left a directory without PG_VERSION's neighbours: begin again.
  const done = await stat(join(data, "wrenn.initialized")).catch(() => null);
  if (done !== null) return;
  await rm(data, { recursive: true, force: true });
  await preparePrivateDirectory(data, user);
  const child = Bun.spawn(
    [
      join(programs, "bin/initdb"),
      `--pgdata=${data}`,
      "--username=postgres",
      "--auth=trust",
      "--encoding=UTF8",
      "--locale-provider=builtin",
      "--locale=C.UTF-8",
      ...(volatile ? ["--no-sync"] : []),
    ],
    {
      ...user,
      cwd: data,
      env: environment(),
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      timeout: 120_000,
    },
  );
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) {
    throw new EmbeddedDatabaseError(
      `initdb could not make a database in ${data}: ${stderr.trim().slice(-1_000)}`,
    );
  }
  await Bun.write(join(data, "wrenn.initialized"), "");
};

const lastLines = async (logFile: string): Promise<string> =>
  (await readFile(logFile, "utf8").catch(() => "")).trim().split("\n").slice(-5).join("\n");

/** Resolves when it answers queries and holds `database`. */
const waitUntilReady = async (options: {
  socket: string;
  database: string;
  timeoutMs: number;
  pid: number;
  logFile: string;
}): Promise<void> => {
  const { socket, database, timeoutMs, pid, logFile } = options;
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const sql = connectDatabase({
      url: databaseUrl(socket, "postgres"),
      applicationName: "wrenn start",
      maxConnections: 1,
      connectTimeoutMs: 2_000,
    });
    try {
      const [found] = await sql`select 1 from pg_database where datname = ${database}`;
      if (found === undefined) await sql`create database ${sql(database)}`;
      return;
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      if (!isAlive(pid)) {
        throw new EmbeddedDatabaseError(`PostgreSQL ended at its start:\n${await lastLines(logFile)}`, {
          cause: error,
        });
      }
      if (performance.now() > deadline) {
        throw new EmbeddedDatabaseError(
          `PostgreSQL did not answer within ${timeoutMs} ms; its log is ${logFile}:\n${await lastLines(logFile)}`,
          { cause: error },
        );
      }
      await Bun.sleep(5);
    } finally {
      await sql.end({ timeout: 1 });
    }
  }
};

const stopServer = async (pid: number): Promise<void> => {
  // SIGINT ends connections and shuts down cleanly; SIGQUIT leaves recovery to the next start.
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    if (isAlive(pid)) process.kill(pid, signal);
    const deadline = performance.now() + STOP_TIMEOUT_MS / 2;
    while (isAlive(pid) && performance.now() < deadline) await Bun.sleep(5);
    if (!isAlive(pid)) return;
  }
  throw new EmbeddedDatabaseError(`PostgreSQL (process ${pid}) did not stop within ${STOP_TIMEOUT_MS} ms.`);
};

const spawnServer = async (options: {
  programs: string;
  data: string;
  socket: string;
  user: DatabaseUser;
  volatile: boolean;
  logFile: string;
}): Promise<number> => {
  const { programs, data, socket, user, volatile, logFile } = options;
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  );
  const log = await open(logFile, size > LOG_KEPT_BYTES ? "w" : "a", 0o600);
  try {
    const child = Bun.spawn(
      [
        join(programs, "bin/postgres"),
        "-D",
        data,
        ...[`unix_socket_directories=${socket}`, ...settings(volatile)].flatMap((setting) => ["-c", setting]),
      ],
      // Detached: a Ctrl-C in the terminal is for us, and the database goes last.
      {
        ...user,
        cwd: data,
        env: environment(),
        stdin: "ignore",
        stdout: log.fd,
        stderr: log.fd,
        detached: true,
      },
    );
    child.unref();
    return child.pid;
  } finally {
    await log.close();
  }
};

/** Starts the database of `directory`, or takes over the one that already runs. Throws `EmbeddedDatabaseError`. */
export const startEmbedded = async (options: EmbeddedOptions): Promise<EmbeddedDatabase> => {
  const { database = "wrenn", volatile = false, startTimeoutMs = 60_000 } = options;
  await mkdir(options.directory, { recursive: true });
  const directory = await realpath(options.directory);
  const data = join(directory, "data");
  const user = await chooseDatabaseUser(data);
  if (process.getuid?.() === 0) await chmod(directory, 0o711);
  const closed = await findClosedDirectory(directory, user);
  if (closed !== null) {
    throw new EmbeddedDatabaseError(
      `PostgreSQL runs as the unprivileged user ${user.uid}, which may not enter ${closed}. ` +
        `Choose a data directory outside of it, or allow it with \`chmod o+x ${closed}\`.`,
    );
  }
  const programs = await preparePrograms(directory, user);
  const socket = socketDirectory(directory);
  await preparePrivateDirectory(socket, user);
  await initialize({ programs, data, user, volatile });
  const logFile = join(directory, "postgres.log");
  const running = await findRunning(data);
  const pid = running ?? (await spawnServer({ programs, data, socket, user, volatile, logFile }));
  await waitUntilReady({ socket, database, timeoutMs: startTimeoutMs, pid, logFile });
  return { url: databaseUrl(socket, database), pid, adopted: running !== null, stop: () => stopServer(pid) };
};
