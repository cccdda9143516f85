/** Checks of `doctor` for the machine: rights, kernel, devices, room. */
import { open, stat } from "node:fs/promises";
import { release } from "node:os";
import { dirname, resolve } from "node:path";

import { cpuCores, readDisk, readMemory } from "../system/machine.ts";
import { type Check, missing, ok, warning } from "./check.ts";
import { kvm } from "./kvm.ts";

/** nftables' sets and inet tables as used here. */
const OLDEST_KERNEL: readonly [major: number, minor: number] = [5, 10];
const MIN_MEMORY_MB = 1_024;
const MIN_DISK_MB = 4_096;

const root: Check = {
  name: "root",
  look: async () =>
    process.getuid?.() === 0
      ? ok("yes")
      : missing(`running as uid ${process.getuid?.()}`, "run as root: the agent makes networks and mounts"),
};

const kernel: Check = {
  name: "kernel",
  look: async () => {
    const [major = 0, minor = 0] = release().split(".").map(Number);
    const [oldMajor, oldMinor] = OLDEST_KERNEL;
    const isNewEnough = major > oldMajor || (major === oldMajor && minor >= oldMinor);
    return isNewEnough
      ? ok(release())
      : missing(`${release()} is too old`, `boot Linux ${OLDEST_KERNEL.join(".")} or newer`);
  },
};

const architecture: Check = {
  name: "architecture",
  look: async () => (process.arch === "x64" ? ok("x86-64") : missing(process.arch, "use an x86-64 machine")),
};

const tun: Check = {
  name: "/dev/net/tun",
  look: async () => {
    try {
      await using _handle = await open("/dev/net/tun", "r+");
      return ok("can be opened");
    } catch {
      return missing("cannot be opened", "run `modprobe tun`, or pass the device into this container");
    }
  },
};

const memory: Check = {
  name: "memory",
  look: async () => {
    const { totalMb, availableMb } = await readMemory();
    const text = `${availableMb} MB available of ${totalMb} MB, ${cpuCores()} processors`;
    return availableMb >= MIN_MEMORY_MB ? ok(text) : missing(text, `free ${MIN_MEMORY_MB} MB of memory`);
  },
};

/** WRENN_DIR, or the nearest parent that exists. */
const nearestExisting = async (directory: string): Promise<string> => {
  for (let path = resolve(directory); ; path = dirname(path)) {
    if ((await stat(path).catch(() => null)) !== null || path === dirname(path)) return path;
  }
};

const disk: Check = {
  name: "disk",
  look: async ({ directory }) => {
    const path = await nearestExisting(directory);
    const { freeMb, totalMb } = await readDisk(path);
    const text = `${freeMb} MB free of ${totalMb} MB at ${path}`;
    return freeMb >= MIN_DISK_MB
      ? ok(text)
      : missing(text, `free ${MIN_DISK_MB} MB, or set WRENN_DIR to a larger disk`);
  },
};

const traversable: Check = {
  name: "WRENN_DIR",
  look: async ({ directory }) => {
    for (let path = await nearestExisting(directory); ; path = dirname(path)) {
      const { mode } = await stat(path);
      if ((mode & 0o001) === 0) {
        return missing(
          `${path} cannot be passed through by other users`,
          `run \`chmod o+x ${path}\` or set WRENN_DIR to another place`,
        );
      }
      if (path === dirname(path)) return ok(resolve(directory));
    }
  },
};

/** Nothing to look at: the agent puts no sandbox into a cgroup, on any machine. */
const limits: Check = {
  name: "cgroup limits",
  look: async () =>
    warning(
      "none are set: the kernel shares processors among sandboxes, and ends them first when memory runs out",
      "run nothing heavy beside them",
    ),
};

export const machineChecks: Check[] = [
  root,
  architecture,
  kernel,
  tun,
  kvm,
  memory,
  limits,
  disk,
  traversable,
];
