/** A new database cluster on disk, and how it is set up. */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";

import { EmbeddedDatabaseError } from "./error.ts";
import { preparePrivateDirectory } from "./files.ts";
import type { DatabaseUser } from "./files.ts";

/** Where a server's parts are. */
export interface Cluster {
  /** With `bin/` and `lib/`. */
  programs: string;
  data: string;
  socket: string;
  logFile: string;
  user: DatabaseUser;
  /** Trades safety in a crash for speed. */
  volatile: boolean;
}

/** Everything PostgreSQL gets of our environment. */
export const ENVIRONMENT: Record<string, string> = {
  LC_ALL: "C",
  TZ: "UTC",
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
};

/** Settings as `name=value`: given at each start, so that a newer version's reach an older cluster. */
export const clusterSettings = ({ socket, volatile }: Cluster): string[] => [
  `unix_socket_directories=${socket}`,
  "unix_socket_permissions=0700",
  "listen_addresses=",
  "max_connections=200",
  "shared_buffers=64MB",
  // Rows here are small and commits many; checkpoints are spread instead of frequent.
  "wal_compression=on",
  "min_wal_size=64MB",
  "max_wal_size=512MB",
  "max_wal_senders=0",
  "timezone=UTC",
  "log_timezone=UTC",
  "jit=off",
  ...(volatile ? ["fsync=off", "synchronous_commit=off", "full_page_writes=off"] : []),
];

/** File that says that initdb was not interrupted. */
export const FINISHED_MARK = "wrenn.initialized";

const INITDB_TIMEOUT_MS = 120_000;

/** Makes the cluster unless it is there. One that was not finished, because we died, is begun again. */
export const initializeCluster = async ({ programs, data, user, volatile }: Cluster): Promise<void> => {
  const finished = join(data, FINISHED_MARK);
  if (await stat(finished).catch(() => null)) return;
  await rm(data, { recursive: true, force: true });
  await preparePrivateDirectory(data, user);
  const argv = [
    join(programs, "bin/initdb"),
    `--pgdata=${data}`,
    "--username=postgres",
    // The socket's directory is closed to everyone else.
    "--auth=trust",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--locale=C.UTF-8",
    ...(volatile ? ["--no-sync"] : []),
  ];
  const child = Bun.spawn(argv, {
    ...user,
    cwd: data,
    env: ENVIRONMENT,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: INITDB_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0) {
    throw new EmbeddedDatabaseError(
      `initdb could not make a database in ${data}: ${stderr.trim().slice(-1_000)}`,
    );
  }
  await Bun.write(finished, "");
};
