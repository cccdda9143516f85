/** What the numbers were measured on. */
import { readFile } from "node:fs/promises";
import { cpus, loadavg, release } from "node:os";

import { cpuCores, readMemory } from "../../agent/system/machine.ts";

export interface MachineFacts {
  cpu: string;
  cores: number;
  memory_mb: number;
  kernel: string;
  /** Of the data directory. */
  accelerator: "kvm" | "emulated";
  /** One-minute load average when the bench began: above a fraction of the cores, numbers are noisy. */
  load_at_start: number;
}

export interface Versions {
  wrenn: string;
  bun: string;
  qemu: string;
  os: string;
  /** With the flags it was run with; null when it was not. */
  runsc: string | null;
}

/** First line a tool prints; null when it is missing or fails. */
export const firstLineOf = (argv: string[]): string | null => {
  const [tool] = argv;
  if (tool === undefined || Bun.which(tool) === null) return null;
  const { exitCode, stdout } = Bun.spawnSync(argv, { timeout: 10_000, stderr: "ignore" });
  return exitCode === 0 ? (stdout.toString().split("\n")[0] ?? "").trim() : null;
};

const osName = async (): Promise<string> => {
  const text = await readFile("/etc/os-release", "utf8").catch(() => "");
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(text)?.[1] ?? process.platform;
};

/** Version of the product and, in a checkout, the commit. */
const wrennVersion = async (root: string): Promise<string> => {
  const manifest: unknown = await Bun.file(`${root}/package.json`).json();
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest
      ? String(manifest.version)
      : "unknown";
  const commit = firstLineOf(["git", "-C", root, "rev-parse", "--short", "HEAD"]);
  return commit === null ? version : `${version} (${commit})`;
};

export const readMachine = async (accelerator: "kvm" | "emulated"): Promise<MachineFacts> => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpuCores(),
  memory_mb: (await readMemory()).totalMb,
  kernel: release(),
  accelerator,
  load_at_start: Math.round((loadavg()[0] ?? 0) * 100) / 100,
});

/** @param root the project's directory */
export const readVersions = async (root: string, runsc: string | null): Promise<Versions> => ({
  wrenn: await wrennVersion(root),
  bun: Bun.version,
  qemu: firstLineOf(["qemu-system-x86_64", "--version"]) ?? "none",
  os: await osName(),
  runsc,
});
