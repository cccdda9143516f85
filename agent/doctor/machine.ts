/** Checks of `doctor` for the machine: rights, kernel, devices, room. */
import { open, stat } from "node:fs/promises";
import { release } from "node:os";
import { dirname, resolve } from "node:path";

import { cpuCores, readDisk, readMemory } from "../system/machine.ts";
import { type Check, missing, ok } from "./check.ts";
import { kvm } from "./kvm.ts";

/** nftables' sets and inet tables as used here, and clone3 with cgroups. */
const OLDEST_KERNEL = 5.1;
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
    const [oldMajor = 0, oldMinor = 0] = OLDEST_KERNEL.toFixed(2).split(".").map(Number);
    const isNewEnough = major > oldMajor || (major === oldMajor && minor >= oldMinor);
    return isNewEnough
      ? ok(release())
      : missing(`${release()} is too old`, `boot Linux ${OLDEST_KERNEL.toFixed(2)} or newer`);
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

export const machineChecks: Check[] = [root, architecture, kernel, tun, kvm, memory, disk, traversable];
