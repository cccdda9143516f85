/**
 * Starts a jailed QEMU that outlives the agent: own session, no pipe to the agent, everything it needs
 * inherited or named on its command line. Its directory stays root's: a broken-out guest finds nothing
 * there to replace under the agent's feet.
 */
import { closeSync, constants, fchownSync, openSync } from "node:fs";
import { chmod, chown, mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Subprocess } from "bun";

import { closeFd, listenUnix } from "../system/libc.ts";
import { identifyProcess } from "../system/process-identity.ts";
import type { ProcessIdentity } from "../system/process-identity.ts";
import { jailed, qemuArguments } from "./machine.ts";
import type { VmmSettings } from "./machine.ts";
import { offerToOomKiller, setProcessPriority } from "./priority.ts";
import { VmFailed } from "./runtime.ts";
import type { KernelSpec, VmPriority, VmShape } from "./runtime.ts";

/** Files of a VM's own directory. */
export const vmFiles = (directory: string) => ({
  controlSocket: join(directory, "control.sock"),
  /** What QEMU prints, for the detail of an exit. */
  log: join(directory, "qemu.log"),
  /** Written by the VM. */
  deviceState: join(directory, "device-state"),
  /** Read by it: what it is to load. */
  incoming: join(directory, "incoming"),
});

export interface SpawnedVm {
  child: Subprocess;
  identity: ProcessIdentity;
}

const QEMU = "qemu-system-x86_64";

/** Descriptors in the child, in the order of `stdio` below. */
const CONTROL_FD = 3;
const DEVICE_STATE_FD = 4;
export const INCOMING_FD = 5;

/**
 * How the jailed process names the device state file it inherited: the file is its uid's, the directory
 * around it is not. (`-add-fd` would do too, but QEMU drops such descriptors when the agent goes away.)
 */
export const DEVICE_STATE_TARGET = `/proc/self/fd/${DEVICE_STATE_FD}`;

const { O_RDONLY, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW } = constants;

/** Opens files for a child and closes them all again on this side. */
const inheritance = () => {
  const opened: number[] = [];
  return {
    open: (path: string, flags: number): number => {
      const fd = openSync(path, flags | O_NOFOLLOW, 0o600);
      opened.push(fd);
      return fd;
    },
    closeAll: (): void => opened.forEach((fd) => closeSync(fd)),
  };
};

const TUN_DEVICE = "/dev/net/tun";

/** Devices that nobody's udev has looked after are root's alone; everywhere else this one is 0666. */
const allowTun = async (): Promise<void> => {
  try {
    const { mode } = await stat(TUN_DEVICE);
    if ((mode & 0o006) !== 0o006) await chmod(TUN_DEVICE, 0o666);
  } catch (cause) {
    const remedy = "load the kernel module tun (modprobe tun), or pass the device into this container";
    throw new VmFailed("start_failed", `${TUN_DEVICE} is missing: ${remedy}`, { cause });
  }
};

const prepareDirectory = async (directory: string): Promise<void> => {
  await mkdir(directory, { recursive: true });
  await chown(directory, 0, 0);
  await chmod(directory, 0o700);
  await rm(vmFiles(directory).controlSocket, { force: true });
};

const identify = (child: Subprocess, priority: VmPriority): ProcessIdentity => {
  const identity = identifyProcess(child.pid);
  try {
    if (identity === null) throw new Error("it ended at once");
    if (priority === "normal") offerToOomKiller(child.pid, priority);
    else setProcessPriority(child.pid, priority);
    return identity;
  } catch (cause) {
    child.kill("SIGKILL");
    throw new VmFailed("start_failed", "the VM's process does not start", { cause });
  }
};

export interface SpawnOptions {
  settings: VmmSettings;
  /** Null: `migrate-incoming` will load what is written to `vmFiles().incoming` by then. */
  kernel: KernelSpec | null;
  priority: VmPriority;
}

/** Spawns QEMU in `shape`; its guest does not run yet. Throws `VmFailed`. */
export const spawnVm = async (
  shape: VmShape,
  { settings, kernel, priority }: SpawnOptions,
): Promise<SpawnedVm> => {
  if (Bun.which(QEMU) === null) {
    throw new VmFailed(
      "qemu_missing",
      `${QEMU} is not installed: install the Debian package qemu-system-x86`,
    );
  }
  const files = vmFiles(shape.directory);
  await allowTun();
  await prepareDirectory(shape.directory);
  const control = listenUnix(files.controlSocket);
  const inherited = inheritance();
  try {
    const log = inherited.open(files.log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND);
    const deviceState = inherited.open(files.deviceState, O_WRONLY | O_CREAT);
    fchownSync(deviceState, shape.jail.uid, shape.jail.gid);
    // Opened here, so the jailed process needs no right to it.
    const incoming = kernel === null ? [inherited.open(files.incoming, O_RDONLY | O_CREAT | O_TRUNC)] : [];
    const argv = qemuArguments(shape, settings, { controlFd: CONTROL_FD, kernel });
    const child = Bun.spawn(jailed(shape, [QEMU, ...argv]), {
      stdio: ["ignore", log, log, control, deviceState, ...incoming],
      cwd: shape.directory,
      detached: true,
      // Nothing of the agent's own environment: it may hold secrets.
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    });
    // The agent may end while VMs run.
    child.unref();
    return { child, identity: identify(child, priority) };
  } catch (cause) {
    if (cause instanceof VmFailed) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new VmFailed("start_failed", `the VM's process does not start: ${detail}`, { cause });
  } finally {
    closeFd(control);
    inherited.closeAll();
  }
};
