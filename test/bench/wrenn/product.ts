/** The Wrenn that is measured: started by the bench itself through `up`, in a directory of its own. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { MAX_LIMIT_COUNT } from "../../../server/config/rate-limits.ts";
import { LIMIT_CLASSES } from "../../../server/rate-limits/classes.ts";
import { type ChildName, findLeftover } from "../../../server/up/children.ts";
import { dataPaths } from "../../../server/up/data-directory.ts";
import { PROJECT_DIRECTORY } from "../../../server/up/dependencies.ts";
import { pickString } from "../../../server/up/json.ts";
import { waitUntil } from "../../../server/up/wait-until.ts";

export interface Product {
  url: string;
  apiKey: string;
  /** Of the first administrator. */
  email: string;
  password: string;
  /** The agent's directory. */
  wrennDirectory: string;
  agentLogPath: string;
  agentPid: number;
  serverPid: number;
  databaseUrl: string;
  stop(): Promise<void>;
}

/** The first start builds the executable and the template. */
const READY_TIMEOUT_MS = 15 * 60_000;
const STOP_TIMEOUT_MS = 60_000;
/** Requests are counted as everywhere, but never refused. */
const NEVER_REACHED = LIMIT_CLASSES.map((name) => `${name}=${MAX_LIMIT_COUNT}/60`).join(",");

/** Of what `up` started. */
const pidOf = (directory: string, name: ChildName): number => {
  const found = findLeftover(dataPaths(directory), name);
  if (found === null) throw new Error(`up runs no ${name}`);
  return found.pid;
};

/** Starts `up` on a free port and waits for its ready file. Throws when it ends before that. */
export const startProduct = async (directory: string): Promise<Product> => {
  const readyFile = join("/tmp", `wrenn-bench-${process.pid}.json`);
  rmSync(readyFile, { force: true });
  const up = Bun.spawn(
    [
      ...[process.execPath, "--no-env-file", "--no-install", "server/up/main.ts"],
      ...["--port", "0", "--dir", directory, "--ready-file", readyFile],
    ],
    {
      cwd: PROJECT_DIRECTORY,
      env: { ...process.env, WRENN_RATE_LIMITS: NEVER_REACHED },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit",
    },
  );
  const stop = async () => {
    up.kill("SIGINT");
    const killer = setTimeout(() => up.kill("SIGKILL"), STOP_TIMEOUT_MS);
    await up.exited;
    clearTimeout(killer);
    rmSync(readyFile, { force: true });
  };
  try {
    await waitUntil(
      async () => {
        if (up.exitCode !== null)
          throw new Error(`up ended with exit code ${up.exitCode}; it said why above`);
        return existsSync(readyFile) ? true : null;
      },
      { what: "up to be ready", timeoutMs: READY_TIMEOUT_MS },
    );
    const ready: unknown = JSON.parse(readFileSync(readyFile, "utf8"));
    return {
      url: pickString(ready, "url"),
      apiKey: pickString(ready, "api_key"),
      email: pickString(ready, "email"),
      password: pickString(ready, "password"),
      wrennDirectory: pickString(ready, "wrenn_dir"),
      databaseUrl: pickString(ready, "database_url"),
      agentPid: pidOf(directory, "agent"),
      serverPid: pidOf(directory, "server"),
      agentLogPath: join(dataPaths(directory).logs, "agent.log"),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
