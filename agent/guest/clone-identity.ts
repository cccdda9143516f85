/** Makes a clone its own machine: hostname, machine-id and boot-id. Works in images that lack the files. */
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

import { check, libc } from "./system/libc.ts";

const MS_BIND = 4096;
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const OWN_DIRECTORY = "/run/wrenn";

const HOSTS_WITHOUT_FILE = "127.0.0.1\tlocalhost\n";
/** Debian's address for the machine's own name; the loopback answers to all of 127/8. */
const OWN_ADDRESS = "127.0.1.1";

/** `hosts` with exactly one line for this machine's own name. */
export const withOwnName = (hosts: string, hostname: string): string => {
  const others = hosts.split("\n").filter((line) => line.split(/\s/, 1)[0] !== OWN_ADDRESS);
  while (others.at(-1) === "") others.pop();
  return `${others.join("\n")}\n${OWN_ADDRESS}\t${hostname}\n`;
};

/** The running kernel's name: at once, since it costs next to nothing. Throws `SystemCallFailed`. */
export const takeHostname = (hostname: string): void => {
  const name = Buffer.from(hostname);
  check("sethostname", libc.sethostname(name, name.byteLength));
};

const recordHostname = (hostname: string): void => {
  writeFileSync("/etc/hostname", `${hostname}\n`);
  const hosts = existsSync("/etc/hosts") ? readFileSync("/etc/hosts", "utf8") : HOSTS_WITHOUT_FILE;
  writeFileSync("/etc/hosts", withOwnName(hosts, hostname));
};

const isPlainFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;

const setMachineId = (machineId: string): void => {
  writeFileSync("/etc/machine-id", `${machineId}\n`, { mode: 0o444 });
  // Usually a link to the other; a copy of its own must not keep the template's.
  if (isPlainFile("/var/lib/dbus/machine-id")) writeFileSync("/var/lib/dbus/machine-id", `${machineId}\n`);
};

/**
 * The kernel draws its boot-id once and never again, so a file is mounted over it; the next clone only
 * rewrites that file. Drawn by the kernel, after the reseed: this program's own generator is a copy of
 * the template's.
 */
const renewBootId = (): void => {
  const bootId = readFileSync("/proc/sys/kernel/random/uuid", "utf8");
  mkdirSync(OWN_DIRECTORY, { recursive: true, mode: 0o755 });
  const source = `${OWN_DIRECTORY}/boot-id`;
  writeFileSync(source, bootId, { mode: 0o444 });
  if (readFileSync(BOOT_ID, "utf8") === bootId) return;
  check("mount", libc.mount(source, BOOT_ID, "", MS_BIND, null));
};

/** All that outlives the kernel, and the boot-id. Throws errno errors and `SystemCallFailed`. */
export const recordIdentity = ({ hostname, machineId }: { hostname: string; machineId: string }): void => {
  mkdirSync("/etc", { recursive: true });
  recordHostname(hostname);
  setMachineId(machineId);
  renewBootId();
};
