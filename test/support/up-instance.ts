/** `up` and `down` as an operator uses them, from the shell, on a data directory of the test's own. */
import { expect } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";

import { instanceIdOf } from "../../agent/images/layout.ts";
import { PROJECT_DIRECTORY } from "../../server/up/dependencies.ts";
import { devicePrefix, linkLabel, namespacePrefix } from "../../server/up/links/plan.ts";
import { agentExecutable, directoryWithMinimal, makeDirectory, removeDirectory } from "./agent-directory.ts";
import { buildMinimal } from "./agent.ts";
import { waitFor } from "./wait-for.ts";

const START_MS = 120_000;
const STOP_MS = 60_000;

export interface Ready {
  url: string;
  api_key: string;
  wrenn_dir: string;
  hosts?: { id: string; directory: string; namespace: string; address: string }[];
}

const environment = (): Record<string, string | undefined> => ({
  ...process.env,
  DATABASE_URL: "",
  WRENN_LISTEN: "",
});

const start = (args: string[]) =>
  Bun.spawn([process.execPath, "run", ...args], {
    cwd: PROJECT_DIRECTORY,
    env: environment(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });

/** `bun run …` to its end. */
export const bunRun = async (
  args: string[],
): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
  const child = start(args);
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
};

export interface Up {
  child: ReturnType<typeof start>;
  ready: Ready;
  output: Promise<string>;
}

export const callUp = async (
  { ready }: Up,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> => {
  const response = await fetch(`${ready.url}${path}`, {
    method,
    headers: { "X-API-Key": ready.api_key, "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as Record<string, unknown>;
};

export class UpInstance implements AsyncDisposable {
  private constructor(readonly directory: string) {}

  /** Fresh: no database, no accounts, never registered; but the host's `minimal` is there. */
  static async prepare(label: string): Promise<UpInstance> {
    const executable = await agentExecutable();
    const directory = await makeDirectory(label);
    const seeded = await directoryWithMinimal("seed", executable, (empty) => buildMinimal(empty, executable));
    await rename(seeded, join(directory, "host"));
    return new UpInstance(directory);
  }

  /** Resolves when everything is up. */
  async start(flags: string[] = []): Promise<Up> {
    const file = join(this.directory, "ready.json");
    // A killed `up` could not remove its own.
    rmSync(file, { force: true });
    const child = start(["up", "--port", "0", "--dir", this.directory, "--ready-file", file, ...flags]);
    const output = new Response(child.stdout).text();
    await waitFor("up to be ready", () => child.exitCode !== null || existsSync(file), START_MS, 50);
    if (!existsSync(file))
      throw new Error(`up ended: ${await output}${await new Response(child.stderr).text()}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    return { child, output, ready: JSON.parse(readFileSync(file, "utf8")) as Ready };
  }

  async stop(up: Up, signal: NodeJS.Signals): Promise<void> {
    up.child.kill(signal);
    await waitFor(
      "up to stop",
      () => up.child.exitCode !== null || up.child.signalCode !== null,
      STOP_MS,
      50,
    );
  }

  /** The wrapper and `up` itself, as a lost session would. */
  async kill(up: Up): Promise<void> {
    const holder = JSON.parse(readFileSync(join(this.directory, "run", "up.lock"), "utf8")) as {
      pid: number;
    };
    process.kill(holder.pid, "SIGKILL");
    await up.child.exited;
  }

  /** Directories of agents that were ever started here. */
  #hosts(): string[] {
    const many = join(this.directory, "hosts");
    const numbered = existsSync(many) ? readdirSync(many).map((name) => join(many, name)) : [];
    return [join(this.directory, "host"), ...numbered];
  }

  /** Processes that name the directory, networks and devices of its agents. */
  leftOnMachine(hosts: string[] = this.#hosts()): string[] {
    const processes = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(this.directory);
        } catch {
          return false;
        }
      });
    const label = linkLabel(this.directory);
    const prefixes = [namespacePrefix(label), ...hosts.map((host) => `wrenn-${instanceIdOf(host)}-`)];
    const networks = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
    const devices = Bun.spawnSync(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"]);
    return [
      ...processes.map((pid) => `process ${pid}`),
      ...networks.filter((name) => prefixes.some((prefix) => name.startsWith(prefix))),
      ...readdirSync("/sys/class/net").filter((name) => name.startsWith(devicePrefix(label))),
      ...devices.stdout
        .toString()
        .split("\n")
        .filter((line) => line.startsWith(this.directory)),
    ];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hosts = this.#hosts();
    await bunRun(["down", "--purge", "--dir", this.directory]);
    for (const host of hosts) if (existsSync(host)) await removeDirectory(host);
    await removeDirectory(this.directory);
  }
}
