/** An agent that is killed, or replaced by the next version, beside ten running sandboxes. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, cpSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { findVmProcesses } from "../../agent/vm/strays.ts";
import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { agentExecutable } from "../support/agent-directory.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox, processClient, shell } from "../support/sandboxes.ts";
import { waitFor } from "../support/wait-for.ts";

const SANDBOXES = 10;
/** As the issue of hosts promises it. */
const ADOPTED_MS = 3_000;
const ROOT = join(import.meta.dir, "../..");

let work = "";
let agent: TestAgent;
const ids: string[] = [];
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "wrenn-upgrade-"));
  // A path of its own, whose file an upgrade replaces.
  const executable = join(work, "wrenn-agent");
  copyFileSync(await agentExecutable(), executable);
  agent = await TestAgent.start({ executable });
  for (let count = 0; count < SANDBOXES; count += 1) ids.push(await createSandbox(agent));
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  rmSync(work, { recursive: true, force: true });
}, 60_000);

/** The same sources under another version number. */
const buildNext = async (): Promise<string> => {
  const tree = join(work, "tree");
  for (const name of ["agent", "proto", "tsconfig.json"]) {
    cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(tree, "node_modules"));
  const manifest = await Bun.file(join(ROOT, "package.json")).json();
  await Bun.write(join(tree, "package.json"), JSON.stringify({ ...manifest, version: "99.0.0" }));
  const built = join(work, "next", "wrenn-agent");
  await Bun.$`${process.execPath} --no-env-file agent/build.ts --outfile ${built}`.cwd(tree).quiet();
  return built;
};

/** Counts in the sandbox's memory, ten times a second, with its output streamed through the agent. */
const startCounting = async (sandboxId: string): Promise<void> => {
  const line = "n=0; while :; do n=$((n+1)); echo $n > /dev/shm/count; echo $n; sleep 0.1; done";
  const events = processClient(agent, sandboxId).start({
    process: { cmd: "/bin/sh", args: ["-c", line] },
    stdin: false,
  });
  for await (const { event } of events) if (event?.event.case === "data") break;
};

/** Which process counts, and how far it is. */
const look = async (sandboxId: string): Promise<{ pid: number; count: number }> => {
  const { stdout } = await shell(agent, sandboxId, "pgrep -o -f dev/shm/count; cat /dev/shm/count");
  const [pid = 0, count = 0] = stdout.split("\n").map(Number);
  return { pid, count };
};

const machines = (): number[] =>
  findVmProcesses(agent.directory)
    .map(({ pid }) => pid)
    .sort((a, b) => a - b);

/** What happens to the agent in between must not be noticed inside. */
const survive = async (change: () => Promise<void>): Promise<number> => {
  const before = new Map(await Promise.all(ids.map(async (id) => [id, await look(id)] as const)));
  const machinesBefore = machines();
  expect(machinesBefore).toHaveLength(SANDBOXES);
  await change();
  const startedMs = performance.now();
  await agent.launch();
  const { sandboxes } = await agent.host.listSandboxes({});
  const tookMs = performance.now() - startedMs;
  expect(sandboxes.map(({ status }) => status)).toEqual(Array(SANDBOXES).fill(SandboxStatus.RUNNING));
  expect(machines()).toEqual(machinesBefore);
  for (const id of ids) {
    const then = before.get(id) ?? { pid: 0, count: 0 };
    expect(then.pid).toBeGreaterThan(0);
    await waitFor("the command to go on", async () => {
      const { pid, count } = await look(id);
      expect(pid).toBe(then.pid);
      return count > then.count;
    });
  }
  return tookMs;
};

test("killed, it has all ten again within three seconds, and their commands have gone on", async () => {
  await Promise.all(ids.map(startCounting));
  const tookMs = await survive(() => agent.crash());
  console.log(`${SANDBOXES} sandboxes adopted ${Math.round(tookMs)} ms after a kill`);
  expect(tookMs).toBeLessThan(ADOPTED_MS);
}, 180_000);

test("the next version takes over in place, without a sandbox noticing", async () => {
  const next = await buildNext();
  const tookMs = await survive(async () => {
    // As `install` does it: renamed over the file that runs, then the service restarted.
    renameSync(next, agent.executable);
    await agent.stop();
  });
  console.log(`${SANDBOXES} sandboxes taken over by the next version in ${Math.round(tookMs)} ms`);
  expect(tookMs).toBeLessThan(ADOPTED_MS);
  expect((await agent.host.getHostStatus({})).agentVersion).toBe("99.0.0");
  // Old memory, old guest drive, new agent.
  const [first = ""] = ids;
  await agent.host.pauseSandbox({ sandboxId: first, keepMemory: true });
  await agent.host.resumeSandbox({ sandboxId: first, accessToken: accessTokenOf(first) });
  expect((await shell(agent, first, "echo alive")).stdout).toBe("alive\n");
  const fresh = await createSandbox(agent);
  expect((await shell(agent, fresh, "echo alive")).stdout).toBe("alive\n");
}, 180_000);
