/**
 * The programs `up` starts: each in a session of its own (a Ctrl-C reaches `up` alone, which then ends
 * them in order), logging to a file, and recorded so that a later start finds what a killed one left.
 */
import { closeSync, openSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { MANY_REQUESTS, MAX_REQUESTS_VARIABLE } from "../../proto/forward-limit.ts";
import type { DataPaths } from "./data-directory.ts";
import { CommandFailure } from "./failure.ts";
import {
  decodeIdentity,
  encodeIdentity,
  endProcess,
  identify,
  isAlive,
  type ProcessIdentity,
} from "./processes.ts";
import { writeSecretly } from "./secret-file.ts";

/** With a number: the agent of one of several hosts. */
export type ChildName = "server" | "agent" | `agent-${number}`;

export interface ChildSpec {
  name: ChildName;
  argv: string[];
  /** Added to a clean environment. */
  environment: Record<string, string>;
}

export interface Child {
  readonly name: ChildName;
  readonly identity: ProcessIdentity;
  readonly logPath: string;
  /** Settles once, with a sentence on how it ended. */
  readonly ended: Promise<string>;
  stop(options: { signal: NodeJS.Signals; graceMs: number }): Promise<void>;
}

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;
const TAIL_BYTES = 4_096;

const PID_FILE = /^(server|agent|agent-\d+)\.json$/;

const pidPath = (paths: DataPaths, name: string): string => join(paths.run, `${name}.json`);

/**
 * Bun's fetch queues what exceeds this, and its default of 256 is soon held by open streams: a terminal or a
 * running command each hold one, in the server and in the agent.
 */
const MAX_REQUESTS = { [MAX_REQUESTS_VARIABLE]: MANY_REQUESTS };

/** Ours without what would steer a child that is itself a Bun program. */
const childEnvironment = (extra: Record<string, string>): Record<string, string> => {
  const kept: Record<string, string> = {};
  for (const [key, value] of Object.entries(process.env)) {
    if (value !== undefined && !key.startsWith("BUN_") && !key.startsWith("npm_")) kept[key] = value;
  }
  return { ...kept, ...MAX_REQUESTS, ...extra };
};

/** One old log is kept beside the current one. */
const rotateLog = (path: string): void => {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) renameSync(path, `${path}.1`);
};

/** The last lines of a log, for a message. */
export const tailLog = (path: string): string => {
  try {
    return readFileSync(path)
      .subarray(-TAIL_BYTES)
      .toString("utf8")
      .trimEnd()
      .split("\n")
      .slice(-15)
      .join("\n");
  } catch {
    return "(no log)";
  }
};

export const startChild = async (paths: DataPaths, spec: ChildSpec): Promise<Child> => {
  const logPath = join(paths.logs, `${spec.name}.log`);
  rotateLog(logPath);
  const log = openSync(logPath, "a", 0o600);
  const child = (() => {
    try {
      return Bun.spawn(spec.argv, {
        cwd: paths.root,
        stdin: "ignore",
        stdout: log,
        stderr: log,
        env: childEnvironment(spec.environment),
        detached: true,
      });
    } finally {
      closeSync(log);
    }
  })();
  const identity = identify(child.pid) ?? { pid: child.pid, startTicks: -1 };
  await writeSecretly(pidPath(paths, spec.name), encodeIdentity(identity));
  const ended = child.exited.then(() => {
    const how = child.signalCode === null ? `exit code ${child.exitCode}` : `signal ${child.signalCode}`;
    return `the ${spec.name} ended (${how})`;
  });
  return {
    name: spec.name,
    identity,
    logPath,
    ended,
    stop: async (options) => {
      await endProcess(identity, options);
      await ended;
      rmSync(pidPath(paths, spec.name), { force: true });
    },
  };
};

/** A child of an earlier `up` that outlived it, or null. */
export const findLeftover = (paths: DataPaths, name: string): ProcessIdentity | null => {
  try {
    const identity = decodeIdentity(readFileSync(pidPath(paths, name), "utf8"));
    return identity !== null && isAlive(identity) ? identity : null;
  } catch {
    return null;
  }
};

/**
 * Ends what a killed `up` left behind. The agent is killed outright: asked to end, it would pause its
 * sandboxes, whereas the next agent finds them running in its journal and goes on with them.
 */
export const endLeftovers = async (paths: DataPaths): Promise<string[]> => {
  const ended: string[] = [];
  // Agents first, as the alphabet has it.
  const names = readdirSync(paths.run).flatMap((file) => PID_FILE.exec(file)?.[1] ?? []);
  for (const name of names.sort()) {
    const identity = findLeftover(paths, name);
    if (identity !== null) {
      await endProcess(identity, { signal: name === "server" ? "SIGTERM" : "SIGKILL", graceMs: 5_000 });
      ended.push(name);
    }
    rmSync(pidPath(paths, name), { force: true });
  }
  return ended;
};

/** For a child that ended when it should not have. */
export const childDied = (child: Child, how: string): CommandFailure =>
  new CommandFailure("child_died", `${how}. Last lines of ${child.logPath}:\n${tailLog(child.logPath)}`);
