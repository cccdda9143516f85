/**
 * Runs the PostgreSQL that comes as an npm package: one server per directory, on a unix socket only, as an
 * unprivileged user. It outlives a killed parent on purpose, and the next start takes it over.
 */
import { chmod, mkdir, realpath, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { FINISHED_MARK, initializeCluster } from "./embedded/cluster.ts";
import type { Cluster } from "./embedded/cluster.ts";
import { EmbeddedDatabaseError } from "./embedded/error.ts";
import {
  findClosedDirectory,
  preparePrivateDirectory,
  preparePrograms,
  socketDirectory,
} from "./embedded/files.ts";
import { endedError, findRunning, spawnServer, stopProcess, waitUntilReady } from "./embedded/process.ts";
import { chooseDatabaseUser } from "./embedded/user.ts";

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
  /** Trades safety in a crash for speed; for tests. @default {false} */
  volatile?: boolean;
  /** Recovery after a crash counts in. @default {60_000} */
  startTimeoutMs?: number;
}

/** After a kill, PostgreSQL refuses to start until the last of the old processes is gone. */
const START_ATTEMPTS = 5;
const ATTEMPT_PAUSE_MS = 300;

const databaseUrl = (socket: string, database: string): string =>
  `postgres://postgres@localhost/${database}?host=${encodeURIComponent(socket)}`;

/** The URL `startEmbedded` gives for this directory, which must exist. */
export const embeddedUrl = async (directory: string, database = "wrenn"): Promise<string> =>
  databaseUrl(socketDirectory(await realpath(directory)), database);

/** Whether `startEmbedded` has ever finished making a database here. */
export const hasEmbedded = async (directory: string): Promise<boolean> => {
  const finished = join(directory, "data", FINISHED_MARK);
  return (await stat(finished).catch(() => null)) !== null;
};

const prepareCluster = async (options: EmbeddedOptions): Promise<Cluster & { directory: string }> => {
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
  const cluster = {
    directory,
    data,
    user,
    programs: await preparePrograms(directory, user),
    socket: socketDirectory(directory),
    logFile: join(directory, "postgres.log"),
    volatile: options.volatile ?? false,
  };
  await preparePrivateDirectory(cluster.socket, user);
  await initializeCluster(cluster);
  return cluster;
};

/** Starts the database of `directory`, or takes over the one that runs. Throws `EmbeddedDatabaseError`. */
export const startEmbedded = async (options: EmbeddedOptions): Promise<EmbeddedDatabase> => {
  const { database = "wrenn", startTimeoutMs = 60_000 } = options;
  const cluster = await prepareCluster(options);
  const url = databaseUrl(cluster.socket, "postgres");
  const deadlineMs = performance.now() + startTimeoutMs;
  for (let attempt = 1; ; attempt += 1) {
    const running = await findRunning(cluster.data);
    const pid = running ?? (await spawnServer(cluster));
    if (await waitUntilReady({ cluster, url, database, pid, deadlineMs })) {
      const stop = async (): Promise<void> => {
        await stopProcess(pid);
        // Beside the data it stays; elsewhere nothing of ours does.
        if (!cluster.socket.startsWith(cluster.directory)) await rmdir(cluster.socket).catch(() => {});
      };
      return { url: databaseUrl(cluster.socket, database), pid, adopted: running !== null, stop };
    }
    if (attempt === START_ATTEMPTS) throw await endedError(cluster);
    await Bun.sleep(ATTEMPT_PAUSE_MS);
  }
};
