/** Where one `up` keeps everything: chosen, checked and locked before anything is started. */
import { accessSync, constants, mkdirSync, realpathSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

import { CommandFailure } from "./failure.ts";
import { type DirectoryLock, readHolder, tryLock } from "./lock.ts";
import { identify } from "./processes.ts";

/** Absolute paths inside one data directory. */
export interface DataPaths {
  root: string;
  /** The agent's own directory (`WRENN_DIR`). */
  host: string;
  /** Those of several agents, where this machine plays several hosts: `hosts/1`, `hosts/2` and so on. */
  hosts: string;
  database: string;
  /** Compiled executables. */
  executables: string;
  /** Built dashboards. */
  dashboards: string;
  logs: string;
  /** Pid files and the lock. */
  run: string;
  lock: string;
  /** Choices that a later start repeats. */
  remembered: string;
  firstRun: string;
}

export const dataPaths = (root: string): DataPaths => ({
  root,
  host: join(root, "host"),
  hosts: join(root, "hosts"),
  database: join(root, "postgres"),
  executables: join(root, "bin"),
  dashboards: join(root, "web"),
  logs: join(root, "logs"),
  run: join(root, "run"),
  lock: join(root, "run", "up.lock"),
  remembered: join(root, "up.json"),
  firstRun: join(root, "first-run.json"),
});

/** `/var/lib/wrenn` for root, else the user's data folder. */
export const defaultDirectory = (): string => {
  if (process.getuid?.() === 0) return "/var/lib/wrenn";
  return join(process.env.XDG_DATA_HOME ?? join(homedir(), ".local", "share"), "wrenn");
};

/** The first folder of `path` that an unprivileged user cannot pass through, or null. */
export const findUntraversable = (path: string): string | null => {
  let current = path;
  for (;;) {
    if ((statSync(current).mode & 0o001) === 0) return current;
    const parent = dirname(current);
    if (parent === current) return null;
    current = parent;
  }
};

const unusable = (message: string, cause?: unknown): CommandFailure =>
  new CommandFailure("directory_unusable", message, { cause });

/** Creates what is missing and returns real paths. The database and the VMs run as unprivileged users. */
export const prepareDirectory = (requested: string): DataPaths => {
  const wanted = resolve(requested);
  try {
    mkdirSync(wanted, { recursive: true, mode: 0o755 });
    accessSync(wanted, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unusable(
      `the data directory ${wanted} cannot be made or written; choose another with --dir`,
      cause,
    );
  }
  const paths = dataPaths(realpathSync(wanted));
  const blocking = findUntraversable(paths.root);
  if (blocking !== null) {
    throw unusable(
      `${blocking} lets no other user pass, but the database and the microVMs run as unprivileged users. ` +
        `Allow it with "chmod o+x ${blocking}", or choose another directory with --dir`,
    );
  }
  for (const path of [paths.host, paths.executables]) mkdirSync(path, { recursive: true, mode: 0o755 });
  for (const path of [paths.logs, paths.run]) mkdirSync(path, { recursive: true, mode: 0o700 });
  return paths;
};

/** Null when an `up` holds the directory. */
export const tryLockDirectory = (paths: DataPaths): DirectoryLock | null =>
  tryLock(paths.lock, identify(process.pid) ?? { pid: process.pid, startTicks: -1 });

/** Throws `already_running` naming the holder. */
export const lockDirectory = (paths: DataPaths): DirectoryLock => {
  const lock = tryLockDirectory(paths);
  if (lock !== null) return lock;
  const holder = readHolder(paths.lock);
  throw new CommandFailure(
    "already_running",
    `another \`up\` (${holder === null ? "just starting" : `pid ${holder.pid}`}) uses ${paths.root}. Stop it with ` +
      `"bun run down --dir ${paths.root}", or give this one its own --dir and --port`,
  );
};
