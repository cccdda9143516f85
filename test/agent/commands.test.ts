/** The executable as an operator uses it: help, pruning, and the service. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createLayout } from "../../agent/images/layout.ts";
import { DROPPED_CAPABILITIES } from "../../agent/systemd-unit.ts";
import { findVmProcesses } from "../../agent/vm/strays.ts";
import { SandboxStatus } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { TestAgent } from "../support/agent.ts";
import { accessTokenOf, createSandbox, shell } from "../support/sandboxes.ts";

/** Rights as the service has them. */
const AS_SERVICE = [
  "setpriv",
  "--no-new-privs",
  `--bounding-set=${DROPPED_CAPABILITIES.map((name) => `-${name.toLowerCase()}`).join(",")}`,
];

let agent: TestAgent;
beforeAll(async () => {
  agent = await TestAgent.start({ launcher: AS_SERVICE });
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const runThrough = async (launcher: string[], args: string[]): Promise<Ended> => {
  const child = Bun.spawn([...launcher, agent.executable, ...args], {
    env: { PATH: process.env["PATH"] ?? "", WRENN_DIR: agent.directory },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
  });
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
};
const command = (...args: string[]) => runThrough([], args);

const COMMANDS = [
  "run",
  "register",
  "doctor",
  "install",
  "uninstall",
  "df",
  "prune",
  "clear",
  "version",
] as const;

describe.each(COMMANDS)("%s", (name) => {
  test("explains itself, and refuses a flag it does not know", async () => {
    const help = await command(name, "--help");
    expect([help.exitCode, help.stdout.startsWith(`wrenn-agent ${name}: `)]).toEqual([0, true]);
    const refused = await command(name, "--bogus");
    expect([refused.exitCode, refused.stdout]).toEqual([78, ""]);
    expect(refused.stderr).toBe(
      `wrenn-agent: "--bogus" is not a flag of this command; \`wrenn-agent ${name} --help\` lists the flags\n`,
    );
  });
});

describe("prune", () => {
  test("needs the agent to be away, and says how", async () => {
    const { exitCode, stderr } = await command("prune");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("stop it first");
  });

  /** What it lists, by kind. */
  const kindsOf = ({ stdout }: Ended): string[] =>
    [...stdout.matchAll(/^(\w+) .*\//gm)].map(([, kind = ""]) => kind);

  test("leaves what runs, what is paused and what templates need, and removes the rest", async () => {
    const ids = [await createSandbox(agent), await createSandbox(agent, { memoryMb: 640 })];
    const paused = await createSandbox(agent, { memoryMb: 640 });
    for (const id of [...ids, paused]) await shell(agent, id, "echo memory > /dev/shm/file");
    await agent.host.pauseSandbox({ sandboxId: paused, keepMemory: true });
    await agent.crash();
    const { staging, drive, kernelDirectory } = createLayout(agent.directory);
    await Bun.write(join(staging, "left", "file"), "in mid-work");
    const [oldDrive, oldKernel] = [drive("0".repeat(64)), kernelDirectory("0".repeat(64))];
    for (const path of [oldDrive, join(oldKernel, "vmlinuz")]) await Bun.write(path, "old");
    for (const path of [oldDrive, oldKernel]) utimesSync(path, 0, 0);

    const looked = await command("prune", "--dry-run");
    expect([looked.exitCode, kindsOf(looked)]).toEqual([0, ["kernel", "drive", "staging"]]);
    expect([existsSync(oldDrive), existsSync(oldKernel)]).toEqual([true, true]);
    const pruned = await command("prune");
    expect(pruned.stdout).toBe(looked.stdout.replace("would go", "removed"));
    expect(kindsOf(await command("prune"))).toEqual([]);

    await agent.launch();
    await agent.host.resumeSandbox({ sandboxId: paused, accessToken: accessTokenOf(paused) });
    for (const id of [...ids, paused]) {
      expect((await shell(agent, id, "cat /dev/shm/file")).stdout).toBe("memory\n");
      await agent.host.destroySandbox({ sandboxId: id });
    }
    // Nothing stands on the warm memory for 640 MB any more.
    await agent.crash();
    expect(kindsOf(await command("prune"))).toEqual(["variant", "layer"]);
    await agent.launch();
    const again = await createSandbox(agent);
    expect((await shell(agent, again, "echo alive")).stdout).toBe("alive\n");
    await agent.host.destroySandbox({ sandboxId: again });
  }, 180_000);
});

describe("run", () => {
  test("pauses everything before the machine goes down, and nothing before a mere restart", async () => {
    const bin = mkdtempSync(join(tmpdir(), "wrenn-bin-"));
    const statusOf = async (id: string) =>
      (await agent.host.listSandboxes({})).sandboxes.find(({ sandboxId }) => sandboxId === id)?.status;
    try {
      await Bun.write(join(bin, "systemctl"), "#!/bin/sh\necho stopping\nexit 1\n");
      chmodSync(join(bin, "systemctl"), 0o755);
      const id = await createSandbox(agent);
      await shell(agent, id, "echo memory > /dev/shm/file");
      agent.env["PATH"] = `${bin}:${process.env["PATH"]}`;
      await agent.stop();
      expect(findVmProcesses(agent.directory)).toHaveLength(1);
      await agent.launch();
      expect(await statusOf(id)).toBe(SandboxStatus.RUNNING);
      delete agent.env["PATH"];
      await agent.stop();
      expect(findVmProcesses(agent.directory)).toHaveLength(0);
      await agent.launch();
      expect(await statusOf(id)).toBe(SandboxStatus.PAUSED);
      await agent.host.resumeSandbox({ sandboxId: id, accessToken: accessTokenOf(id) });
      expect((await shell(agent, id, "cat /dev/shm/file")).stdout).toBe("memory\n");
      await agent.host.destroySandbox({ sandboxId: id });
    } finally {
      rmSync(bin, { recursive: true });
    }
  }, 120_000);
});

describe("install", () => {
  const UNIT = "etc/systemd/system/wrenn-agent.service";
  const EXECUTABLE = "usr/local/bin/wrenn-agent";
  let root = "";
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "wrenn-root-"));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test("without systemd says so and writes nothing", async () => {
    const { exitCode, stderr } = await runThrough(
      ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /run && exec "$@"', "sh"],
      ["install"],
    );
    expect([exitCode, stderr.includes("does not run systemd")]).toEqual([78, true]);
  });

  test("writes the service and the executable under a root, and takes them away again", async () => {
    const { exitCode, stderr } = await command("install", "--root", root, "--listen", "0.0.0.0:7071");
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const unit = readFileSync(join(root, UNIT), "utf8");
    expect(unit).toContain("\nExecStart=/usr/local/bin/wrenn-agent run\n");
    expect(unit).toContain(`\nEnvironment="WRENN_DIR=${agent.directory}"\n`);
    expect(unit).toContain('\nEnvironment="WRENN_AGENT_LISTEN=0.0.0.0:7071"\n');
    expect(statSync(join(root, EXECUTABLE)).mode & 0o777).toBe(0o755);
    const version = Bun.spawnSync([join(root, EXECUTABLE), "version"]).stdout.toString();
    expect(version).toBe((await command("version")).stdout);

    const id = await createSandbox(agent);
    expect((await command("install", "--root", root)).exitCode).toBe(0);
    const removed = await command("uninstall", "--root", root);
    expect([removed.exitCode, existsSync(join(root, UNIT)), existsSync(join(root, EXECUTABLE))]).toEqual([
      0,
      false,
      false,
    ]);
    expect(removed.stdout).toContain("1 sandboxes run on");
    expect(findVmProcesses(agent.directory)).toHaveLength(1);
    expect((await shell(agent, id, "echo alive")).stdout).toBe("alive\n");
    expect((await command("uninstall", "--root", root)).exitCode).toBe(0);
    await agent.host.destroySandbox({ sandboxId: id });
  });

  test("starts the service where systemd runs, and stops it before it goes", async () => {
    // A machine of its own: systemctl writes down what it is asked.
    const script = [
      "mount -t tmpfs none /run && mkdir -p /run/systemd/system /run/bin",
      "mount -t tmpfs none /usr/local && mount -t tmpfs none /etc/systemd",
      `printf '#!/bin/sh\\necho "$@" >> ${root}/asked\\n' > /run/bin/systemctl && chmod +x /run/bin/systemctl`,
      "PATH=/run/bin:$PATH",
      '"$1" install && "$1" install && "$1" uninstall',
    ].join(" && ");
    const { exitCode, stderr } = await runThrough(["unshare", "--mount", "sh", "-ec", script, "sh"], []);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    const started = ["daemon-reload", "enable wrenn-agent.service", "restart wrenn-agent.service"];
    const stopped = ["disable --now wrenn-agent.service", "daemon-reload"];
    expect(readFileSync(join(root, "asked"), "utf8").trim().split("\n")).toEqual([
      ...started,
      ...started,
      ...stopped,
    ]);
  });
});
