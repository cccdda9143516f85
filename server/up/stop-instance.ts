/** Ends whatever runs of an instance, and removes it altogether on request. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { startEmbedded } from "../../db/embedded.ts";
import { endLeftovers } from "./children.ts";
import { type DataPaths, prepareDirectory, tryLockDirectory } from "./data-directory.ts";
import { CommandFailure } from "./failure.ts";
import { removeLinks } from "./links/links.ts";
import { linkLabel } from "./links/plan.ts";
import { type DirectoryLock, readHolder } from "./lock.ts";
import { signal } from "./processes.ts";
import { waitUntil } from "./wait-until.ts";

/** An `up` that is asked to stop pauses its sandboxes first. */
const STOP_TIMEOUT_MS = 240_000;
const CLEAR_TIMEOUT_MS = 120_000;

/** True for a directory that an `up` has used. */
export const isInstance = (directory: string): boolean => existsSync(join(directory, "run", "up.lock"));

/** Asks a running `up` to stop and takes its place. */
const takeOver = async (paths: DataPaths): Promise<{ lock: DirectoryLock; wasUp: boolean }> => {
  const free = tryLockDirectory(paths);
  if (free !== null) return { lock: free, wasUp: false };
  const holder = readHolder(paths.lock);
  if (holder === null || !signal(holder, "SIGTERM")) {
    throw new CommandFailure(
      "already_running",
      `${paths.root} is in use, but by whom is not known; try again`,
    );
  }
  const lock = await waitUntil(async () => tryLockDirectory(paths), {
    what: `the running \`up\` (pid ${holder.pid}) to stop`,
    timeoutMs: STOP_TIMEOUT_MS,
    everyMs: 100,
  });
  return { lock, wasUp: true };
};

/** A database that outlived its `up` is shut down in order. */
const stopDatabase = async (paths: DataPaths): Promise<boolean> => {
  if (!existsSync(join(paths.database, "data", "postmaster.pid"))) return false;
  const database = await startEmbedded({ directory: paths.database });
  await database.stop();
  return database.adopted;
};

/** The newest agent that ran here; none was built when there is nothing to clear. */
const findAgent = (paths: DataPaths): string | null => {
  if (!existsSync(paths.executables)) return null;
  const built = readdirSync(paths.executables)
    .map((name) => join(paths.executables, name, "wrenn-agent"))
    .filter((path) => existsSync(path))
    .sort((one, other) => statSync(other).mtimeMs - statSync(one).mtimeMs);
  return built[0] ?? null;
};

/** Directories of the hosts that this machine played beside or instead of being one. */
const listHosts = (paths: DataPaths): string[] =>
  existsSync(paths.hosts) ? readdirSync(paths.hosts).map((name) => join(paths.hosts, name)) : [];

/** Sandboxes, networks and devices first: their files cannot be found again once the directory is gone. */
const clearHost = async (agent: string, directory: string, paths: DataPaths): Promise<void> => {
  const child = Bun.spawn([agent, "clear"], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    env: { ...process.env, WRENN_DIR: directory },
    timeout: CLEAR_TIMEOUT_MS,
  });
  const [stderr, exitCode] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (exitCode === 0) return;
  throw new CommandFailure(
    "child_died",
    `what sandboxes had on this machine could not be removed, so ${paths.root} was kept: ${stderr.trim()}`,
  );
};

const clearMachine = async (paths: DataPaths): Promise<void> => {
  const agent = findAgent(paths);
  const many = listHosts(paths);
  if (agent !== null) for (const host of [paths.host, ...many]) await clearHost(agent, host, paths);
  if (many.length > 0) await removeLinks(linkLabel(paths.root), "all");
};

/** Stops the instance in `directory`; gives a line on what was done. */
export const stopInstance = async (directory: string, options: { purge: boolean }): Promise<string> => {
  if (!isInstance(directory)) return `nothing in ${directory}: no \`up\` has used it`;
  const paths = prepareDirectory(directory);
  const { lock, wasUp } = await takeOver(paths);
  try {
    const left = await endLeftovers(paths);
    const hadDatabase = await stopDatabase(paths);
    if (listHosts(paths).length > 0) await removeLinks(linkLabel(paths.root), "unused");
    if (options.purge) {
      await clearMachine(paths);
      rmSync(paths.root, { recursive: true, force: true });
      return `removed ${paths.root}`;
    }
    if (!wasUp && left.length === 0 && !hadDatabase) return `nothing ran in ${paths.root}`;
    return `stopped what ran in ${paths.root}; its data is kept`;
  } finally {
    lock.release();
  }
};
