/** Learns how a VM's process ended, whether this agent started it or found it running. */
import type { Subprocess } from "bun";

import { killProcess, waitForEnd } from "../system/process-identity.ts";
import type { ProcessIdentity } from "../system/process-identity.ts";
import { wasOomKilled } from "./oom-kill.ts";
import { lastLogLine } from "./qemu-log.ts";
import type { VmExit } from "./runtime.ts";

/** A process without its control socket can be neither stopped nor saved; it gets this long to end itself. */
const LOST_CONTROL_MS = 5_000;

export interface WatchedProcess {
  identity: ProcessIdentity;
  /** Absent for an adopted VM: then only the kernel's log knows more than that it is gone. */
  child: Subprocess | null;
  /** Settles when the control connection is gone. */
  controlClosed: Promise<void>;
  /** Asked after the end: the VM's directory may have got another name. */
  logPath: () => string;
  /** Why this side ended it, when it did; asked after the end. */
  plannedEnd: () => string | null;
}

const untilGone = async ({ identity, child, controlClosed }: WatchedProcess): Promise<void> => {
  const afterControl = async (): Promise<void> => {
    await controlClosed;
    if (await waitForEnd(identity, LOST_CONTROL_MS)) return;
    killProcess(identity);
    await waitForEnd(identity, LOST_CONTROL_MS);
  };
  // A child's exit status is there a moment after its end.
  await (child === null
    ? afterControl()
    : Promise.race([child.exited, afterControl().then(() => child.exited)]));
};

const describe = (child: Subprocess | null, lastLine: string): string => {
  const how =
    child === null
      ? "the VM's process ended"
      : child.signalCode === null
        ? `the VM's process ended with exit code ${child.exitCode}`
        : `the VM's process was ended by ${child.signalCode}`;
  return lastLine === "" ? how : `${how}: ${lastLine}`;
};

/** Resolves once, when the process is gone. Never rejects. */
export const watchExit = async (watched: WatchedProcess): Promise<VmExit> => {
  await untilGone(watched);
  const { identity, child, logPath, plannedEnd } = watched;
  const planned = plannedEnd();
  if (planned !== null) return { reason: "vm_died", detail: planned };
  const mayBeOom = child === null || child.signalCode === "SIGKILL";
  if (mayBeOom && wasOomKilled(identity)) {
    return { reason: "oom", detail: "the host ran out of memory and its kernel ended this VM" };
  }
  return { reason: "vm_died", detail: describe(child, await lastLogLine(logPath())) };
};
