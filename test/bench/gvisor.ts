/** gVisor for comparison: wall time of `runsc do`, a sandbox started for one command and ended again. */
import { firstLineOf } from "./machine.ts";
import type { Runner } from "./rounds.ts";

const PACKAGE = "runsc";
const INSTALL_TIMEOUT_MS = 120_000;
const RUN_TIMEOUT_MS = 20_000;
const CROWD_TIMEOUT_MS = 180_000;

/**
 * Tried in this order; the first that works is used and reported. The platform is the package's default
 * (asking for KVM where guests hang on it would hang, too). No network: one would cost gVisor more. Cgroups
 * are left out, as Wrenn's sandboxes work on hosts where they cannot be written.
 */
const FLAG_SETS = [
  ["--network=none"],
  ["--network=none", "--ignore-cgroups"],
  ["--network=none", "--ignore-cgroups", "--platform=ptrace"],
];

const COMMAND = ["echo", "hello"];

const runOnce = (flags: string[]): { ok: boolean; durationMs: number; detail: string } => {
  const startedAt = performance.now();
  const { exitCode, stdout, stderr } = Bun.spawnSync(["runsc", ...flags, "do", ...COMMAND], {
    timeout: RUN_TIMEOUT_MS,
  });
  const durationMs = performance.now() - startedAt;
  const ok = exitCode === 0 && stdout.toString().trim() === "hello";
  return { ok, durationMs, detail: stderr.toString().trim().slice(-300) };
};

const install = (): string | null => {
  if (Bun.which("runsc") !== null) return null;
  if (process.getuid?.() !== 0) return `install the Debian package ${PACKAGE}, or run the bench as root`;
  if (Bun.which("apt-get") === null) return `there is no apt-get to install ${PACKAGE} with`;
  console.log(`installing ${PACKAGE}, which the floor and Wrenn are compared with`);
  const { exitCode, stderr } = Bun.spawnSync(
    ["apt-get", "install", "--yes", "--no-install-recommends", PACKAGE],
    {
      timeout: INSTALL_TIMEOUT_MS,
      stdout: "ignore",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    },
  );
  return exitCode === 0
    ? null
    : `apt-get could not install ${PACKAGE}: ${stderr.toString().trim().slice(-300)}`;
};

export type Gvisor =
  | {
      version: string;
      runner: Runner;
      /** Resolves when a sandbox made for this command has ended; others may run meanwhile. */
      run(command: string[]): Promise<void>;
    }
  | { skipped: string };

const runBeside = async (flags: string[], command: string[]): Promise<void> => {
  const child = Bun.spawn(["runsc", ...flags, "do", ...command], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: CROWD_TIMEOUT_MS,
  });
  const said = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`runsc do failed: ${said.trim().slice(-300)}`);
};

/** Finds flags that work on this machine, or tells why there are none. */
export const prepareGvisor = (): Gvisor => {
  const obstacle = install();
  if (obstacle !== null) return { skipped: obstacle };
  const failures: string[] = [];
  for (const flags of FLAG_SETS) {
    const { ok, detail } = runOnce(flags);
    if (!ok) {
      failures.push(`${flags.join(" ")}: ${detail}`);
      continue;
    }
    const version = `${firstLineOf(["runsc", "--version"])} ${flags.join(" ")}`;
    const once: Runner["once"] = async () => {
      const { ok, durationMs, detail } = runOnce(flags);
      if (!ok) throw new Error(`runsc do failed: ${detail}`);
      return [{ case: "create_to_first_command", subject: "gvisor", value: durationMs }];
    };
    return { version, runner: { name: "gvisor", once }, run: (command) => runBeside(flags, command) };
  }
  return { skipped: `runsc runs with none of its platforms here: ${failures.join("; ")}` };
};
