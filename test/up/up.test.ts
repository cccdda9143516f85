/** `up` and `down` as an operator uses them, from the shell, with real sandboxes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";

import { instanceIdOf } from "../../agent/images/layout.ts";
import { PROJECT_DIRECTORY } from "../../server/up/dependencies.ts";
import {
  agentExecutable,
  directoryWithMinimal,
  makeDirectory,
  removeDirectory,
} from "../support/agent-directory.ts";
import { buildMinimal } from "../support/agent.ts";
import { waitFor } from "../support/wait-for.ts";

const START_MS = 120_000;
const STOP_MS = 60_000;

let directory: string;

/** Fresh: no database, no accounts, never registered; but the host's `minimal` is there. */
beforeAll(async () => {
  const executable = await agentExecutable();
  directory = await makeDirectory("up");
  const seeded = await directoryWithMinimal("seed", executable, (empty) => buildMinimal(empty, executable));
  await mkdir(directory, { recursive: true });
  await rename(seeded, join(directory, "host"));
}, 900_000);

afterAll(async () => {
  await bun(["run", "down", "--purge", "--dir", directory]);
  if (existsSync(join(directory, "host"))) await removeDirectory(join(directory, "host"));
  rmSync(directory, { recursive: true, force: true });
});

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

const bun = async (args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> => {
  const child = start(args.slice(1));
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
};

interface Up {
  child: ReturnType<typeof start>;
  ready: Record<string, string>;
  output: Promise<string>;
}

const startUp = async (): Promise<Up> => {
  const file = join(directory, "ready.json");
  // A killed `up` could not remove its own.
  rmSync(file, { force: true });
  const child = start(["up", "--port", "0", "--dir", directory, "--ready-file", file]);
  const output = new Response(child.stdout).text();
  await waitFor("up to be ready", () => child.exitCode !== null || existsSync(file), START_MS, 50);
  if (!existsSync(file))
    throw new Error(`up ended: ${await output}${await new Response(child.stderr).text()}`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  return { child, output, ready: JSON.parse(readFileSync(file, "utf8")) as Record<string, string> };
};

const api = async (up: Up, method: string, path: string, body?: object): Promise<Record<string, unknown>> => {
  const response = await fetch(`${up.ready["url"]}${path}`, {
    method,
    headers: { "X-API-Key": up.ready["api_key"] ?? "", "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  expect(response.ok).toBe(true);
  return (await response.json()) as Record<string, unknown>;
};

/** Processes that name the directory, networks and devices of its agent. */
const leftOnMachine = (): string[] => {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(directory);
      } catch {
        return false;
      }
    });
  const instance = instanceIdOf(join(directory, "host"));
  const networks = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
  const devices = Bun.spawnSync(["losetup", "--list", "--noheadings", "--output", "BACK-FILE"]);
  return [
    ...processes.map((pid) => `process ${pid}`),
    ...networks.filter((name) => name.startsWith(`wrenn-${instance}-`)),
    ...devices.stdout
      .toString()
      .split("\n")
      .filter((line) => line.startsWith(directory)),
  ];
};

const stopUp = async (up: Up, signal: NodeJS.Signals): Promise<void> => {
  up.child.kill(signal);
  await waitFor("up to stop", () => up.child.exitCode !== null || up.child.signalCode !== null, STOP_MS, 50);
};

test("the smoke test passes and leaves nothing running", async () => {
  const { exitCode, stdout } = await bun(["run", "up", "--smoke", "--dir", directory]);
  expect(stdout).toContain("ok file, process and memory in both");
  expect(exitCode).toBe(0);
  expect(leftOnMachine()).toEqual([]);
}, 180_000);

test("a sandbox outlives Ctrl-C paused, a killed up running; a second up on the directory is refused", async () => {
  const first = await startUp();
  expect(Object.keys(first.ready).toSorted()).toEqual([
    "api_key",
    "database_url",
    "email",
    "password",
    "url",
    "wrenn_dir",
  ]);
  const made = await api(first, "POST", "/v1/sandboxes", { template: "minimal", timeout_sec: 0 });
  const id = String(made["id"]);
  const status = async (up: Up): Promise<unknown> => (await api(up, "GET", `/v1/sandboxes/${id}`))["status"];

  const refused = await bun(["run", "up", "--port", "0", "--dir", directory]);
  expect(refused.exitCode).not.toBe(0);
  expect(refused.stderr).toContain("another `up`");

  await stopUp(first, "SIGINT");
  expect(first.child.exitCode).toBe(0);
  expect(leftOnMachine()).toEqual([]);

  const second = await startUp();
  expect(second.ready["api_key"]).not.toBe(first.ready["api_key"] ?? "");
  await waitFor("the sandbox to be paused", async () => (await status(second)) === "paused", 20_000);
  await api(second, "POST", `/v1/sandboxes/${id}/resume`);
  // The wrapper and `up` itself, as a lost session would.
  const holder = JSON.parse(readFileSync(join(directory, "run", "up.lock"), "utf8")) as { pid: number };
  process.kill(holder.pid, "SIGKILL");
  await second.child.exited;
  expect(leftOnMachine()).not.toEqual([]);

  const third = await startUp();
  expect(await status(third)).toBe("running");
  const { stdout } = await api(third, "POST", `/v1/sandboxes/${id}/exec`, { cmd: "echo alive" });
  expect(stdout).toBe("alive\n");
  third.child.kill("SIGTERM");
  await third.child.exited;
  expect(await third.output).toContain("ended what a killed start had left running: agent, server");
}, 300_000);

test("down --purge removes it all", async () => {
  const { exitCode, stdout } = await bun(["run", "down", "--purge", "--dir", directory]);
  expect(stdout).toContain(`removed ${directory}`);
  expect(exitCode).toBe(0);
  expect(existsSync(directory)).toBe(false);
  expect(leftOnMachine()).toEqual([]);
}, 120_000);

test.each([
  [["--prot", "1"], "--prot"],
  [["--port", "70000"], "--port"],
  [["--smoke", "now"], "now"],
])("up %j is refused", async (args, named) => {
  const { exitCode, stderr } = await bun(["run", "up", ...args]);
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain(named);
});
