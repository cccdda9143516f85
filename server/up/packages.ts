/** The system tools a host needs, the Debian packages that bring them, and their installation. */
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";

import { CommandFailure } from "./failure.ts";

export interface SystemPackage {
  name: string;
  /** For the person who is asked to accept it. */
  why: string;
  isPresent(): Promise<boolean>;
}

/** A root shell's PATH may lack the system directories. */
const TOOL_PATH = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin`;

export const hasTool = (tool: string): boolean => Bun.which(tool, { PATH: TOOL_PATH }) !== null;

const byTools = (...tools: string[]) => {
  return async (): Promise<boolean> => tools.every(hasTool);
};

/** Debian has two packages of busybox; only the one without an ELF interpreter runs in an empty initrd. */
const hasStaticBusybox = async (): Promise<boolean> => {
  const path = Bun.which("busybox", { PATH: TOOL_PATH });
  if (path === null) return false;
  const file = await open(path, "r");
  try {
    const head = Buffer.alloc(4_096);
    await file.read(head, 0, head.length, 0);
    return !head.includes("/ld-");
  } finally {
    await file.close();
  }
};

/** What running sandboxes and building `minimal` takes. The kernel is unpacked by the agent, never installed. */
export const HOST_PACKAGES: SystemPackage[] = [
  { name: "qemu-system-x86", why: "runs the microVMs", isPresent: byTools("qemu-system-x86_64") },
  { name: "qemu-utils", why: "makes their disks", isPresent: byTools("qemu-img") },
  { name: "busybox-static", why: "the first program inside a microVM", isPresent: hasStaticBusybox },
  { name: "mmdebstrap", why: "builds the template `minimal`", isPresent: byTools("mmdebstrap") },
  { name: "e2fsprogs", why: "makes file systems", isPresent: byTools("mkfs.ext4", "resize2fs") },
  { name: "iproute2", why: "gives each sandbox its own network", isPresent: byTools("ip") },
  { name: "nftables", why: "keeps sandboxes off the host and its LAN", isPresent: byTools("nft") },
  { name: "util-linux", why: "namespaces and dropped rights", isPresent: byTools("setpriv", "nsenter") },
  { name: "mount", why: "loop devices and mounts", isPresent: byTools("losetup", "mount") },
];

export const findMissing = async (packages: SystemPackage[]): Promise<SystemPackage[]> => {
  const present = await Promise.all(packages.map((one) => one.isPresent()));
  return packages.filter((_, index) => !present[index]);
};

export const canInstallPackages = (): boolean => process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");

/** Runs apt-get, telling each line it prints; throws with its last words. */
const aptGet = async (args: string[], onLine: (line: string) => void): Promise<void> => {
  const child = Bun.spawn(["apt-get", ...args], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C", PATH: TOOL_PATH },
    timeout: 900_000,
  });
  const tail: string[] = [];
  const follow = async (stream: ReadableStream<Uint8Array>): Promise<void> => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      const lines = `${rest}${decoder.decode(bytes, { stream: true })}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        onLine(line);
        tail.push(line);
        if (tail.length > 15) tail.shift();
      }
    }
  };
  const [exitCode] = await Promise.all([child.exited, follow(child.stdout), follow(child.stderr)]);
  if (exitCode === 0) return;
  throw new CommandFailure(
    "missing_packages",
    `apt-get ${args.join(" ")} failed (exit code ${exitCode}):\n${tail.join("\n")}`,
  );
};

export interface InstallTimes {
  downloadMs: number;
}

/** Installs `missing` from the distribution; downloads first, so that its time is known apart. */
export const installPackages = async (
  missing: SystemPackage[],
  onLine: (line: string) => void,
): Promise<InstallTimes> => {
  const names = missing.map((one) => one.name);
  const startedAt = performance.now();
  await aptGet(["update", "-q"], onLine);
  const install = ["install", "-y", "-q", "--no-install-recommends"];
  await aptGet([...install, "--download-only", ...names], onLine);
  const downloadMs = performance.now() - startedAt;
  await aptGet([...install, ...names], onLine);
  const stillMissing = await findMissing(missing);
  if (stillMissing.length > 0) {
    const list = stillMissing.map((one) => one.name).join(", ");
    throw new CommandFailure("missing_packages", `still missing after their installation: ${list}`);
  }
  return { downloadMs };
};

/** One line per package for a person: name and what it is for. */
export const describePackages = (packages: SystemPackage[]): string =>
  packages.map((one) => `  ${one.name.padEnd(16)} ${one.why}`).join("\n");

/** Why nothing was installed, with the exact command that would. */
export const explainMissing = (missing: SystemPackage[]): CommandFailure => {
  const names = missing.map((one) => one.name).join(" ");
  const remedy = existsSync("/usr/bin/apt-get")
    ? `Run as root, or let an administrator run:\n  apt-get install --no-install-recommends ${names}`
    : "This is not a Debian system: provide these tools by other means, then run the command again.";
  return new CommandFailure(
    "missing_packages",
    `missing system packages:\n${describePackages(missing)}\n${remedy}`,
  );
};
