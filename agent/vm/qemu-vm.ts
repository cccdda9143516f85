/** One running QEMU process as a `Vm`: control over QMP, memory through the kernel. */
import { basename, dirname, join } from "node:path";

import type { Subprocess } from "bun";

import { LibcFailed } from "../system/libc.ts";
import { killProcess, waitForEnd } from "../system/process-identity.ts";
import { takeDeviceState } from "./device-state.ts";
import { watchExit } from "./exit-watch.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { CONSOLE_BYTES, CONSOLE_ID } from "./machine.ts";
import { saveDiff } from "./memory-diff.ts";
import { setProcessPriority } from "./priority.ts";
import { QmpFailed } from "./qmp.ts";
import type { QmpClient, QmpEvent } from "./qmp.ts";
import { LIST_NODES, switchCommand } from "./root-disk.ts";
import { VmFailed } from "./runtime.ts";
import type { OnStep, SavedMemory, SaveTarget, Vm, VmExit, VmPriority, VmRecord } from "./runtime.ts";
import { DEVICE_STATE_TARGET, vmFiles } from "./spawn-vm.ts";

export interface QemuVmParts {
  record: VmRecord;
  qmp: QmpClient;
  memory: GuestMemory;
  /** Absent when adopted. */
  child: Subprocess | null;
}

/** `stop` waits for disk writes in flight and flushes them: a slow disk is no dead VM. */
const STOP_TIMEOUT_MS = 60_000;
const SAVE_TIMEOUT_MS = 30_000;
const QUIT_TIMEOUT_MS = 5_000;
const KILL_TIMEOUT_MS = 10_000;
const FULL_DISK_RETRY_MS = 1_000;

const isDiskFull = (error: unknown): boolean => {
  const code = error instanceof Error && "code" in error ? error.code : null;
  return code === "ENOSPC" || code === "EDQUOT";
};

/** What a failing save or QMP command means to the caller. */
const asVmFailed = (doing: string, error: unknown): Error => {
  if (error instanceof VmFailed) return error;
  if (isDiskFull(error)) {
    return new VmFailed("disk_full", `${doing}: the disk is full, free some space and try again`, {
      cause: error,
    });
  }
  const lost =
    (error instanceof QmpFailed && error.code !== "refused") ||
    (error instanceof LibcFailed && error.code === "ESRCH");
  const detail = error instanceof Error ? error.message : String(error);
  return new VmFailed(lost ? "control_lost" : "save_failed", `${doing}: ${detail}`, { cause: error });
};

/** True when it did, false after `timeoutMs`. */
const settlesWithin = async (settling: Promise<unknown>, timeoutMs: number): Promise<boolean> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([settling.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
};

export class QemuVm implements Vm {
  readonly exited: Promise<VmExit>;
  #record: VmRecord;
  readonly #qmp: QmpClient;
  readonly #memory: GuestMemory;
  readonly #isChild: boolean;
  #plannedEnd: string | null = null;
  /** The caller wants the guest frozen, whatever else would set it going. */
  #isHeld = false;
  #isRetrying = false;
  #consoleTail = "";

  constructor({ record, qmp, memory, child }: QemuVmParts) {
    this.#record = record;
    this.#qmp = qmp;
    this.#memory = memory;
    this.#isChild = child !== null;
    qmp.onEvent((event) => this.#onEvent(event));
    this.exited = watchExit({
      identity: record,
      child,
      controlClosed: qmp.closed,
      logPath: () => this.#files.log,
      plannedEnd: () => this.#plannedEnd,
    }).finally(() => qmp.close());
  }

  get record(): VmRecord {
    return this.#record;
  }

  get #files() {
    return vmFiles(dirname(this.#record.controlSocketPath));
  }

  movedTo(directory: string): void {
    const { controlSocketPath } = this.#record;
    this.#record = { ...this.#record, controlSocketPath: join(directory, basename(controlSocketPath)) };
  }

  setPriority(priority: VmPriority): void {
    try {
      // It leads a session and group of its own, so this reaches all of its threads.
      setProcessPriority(this.#record.pid, priority);
    } catch (error) {
      throw asVmFailed("setting the VM's priority", error);
    }
  }

  async isRunning(): Promise<boolean> {
    return (await queryStatus(this.#qmp)) === "running";
  }

  async console(): Promise<string> {
    // Reading empties QEMU's buffer; what was read before is kept here. Base64: a guest prints any bytes.
    const fresh = await this.#qmp
      .execute("ringbuf-read", { device: CONSOLE_ID, size: CONSOLE_BYTES, format: "base64" })
      .catch(() => "");
    this.#consoleTail = (this.#consoleTail + Buffer.from(String(fresh), "base64").toString()).slice(
      -CONSOLE_BYTES,
    );
    return this.#consoleTail;
  }

  async resume(): Promise<void> {
    this.#isHeld = false;
    await this.#command("resuming the VM", "cont");
  }

  async stop(): Promise<void> {
    this.#isHeld = true;
    await this.#command("stopping the VM", "stop", {}, STOP_TIMEOUT_MS);
  }

  async save(target: SaveTarget, onStep: OnStep = () => {}): Promise<SavedMemory> {
    if (await this.isRunning())
      throw new VmFailed("not_stopped", "a running VM cannot be saved: stop it first");
    try {
      await this.#qmp.execute("xen-save-devices-state", { filename: DEVICE_STATE_TARGET }, SAVE_TIMEOUT_MS);
      onStep("devices");
      const from = this.#files.deviceState;
      const written = [
        takeDeviceState({ from, to: target.deviceStatePath }),
        saveDiff(this.#memory, target.diffPath),
      ] as const;
      // Nothing is written any more once a failure is told: the caller may remove the files then.
      await Promise.allSettled(written);
      const [deviceStateDigest, { runs, digest }] = await Promise.all(written);
      onStep("memory");
      return { ...target, runs, diffDigest: digest, deviceStateDigest, runtimeId: this.record.runtimeId };
    } catch (error) {
      throw asVmFailed("saving the VM's memory", error);
    }
  }

  async switchOverlay(overlayPath: string): Promise<void> {
    try {
      const [name, commandArguments] = switchCommand(await this.#qmp.execute(...LIST_NODES), overlayPath);
      await this.#qmp.execute(name, commandArguments, STOP_TIMEOUT_MS);
    } catch (error) {
      throw asVmFailed("switching the VM's disk", error);
    }
  }

  async quit(): Promise<void> {
    this.#plannedEnd ??= "the host ended the VM";
    // A VM that does not take the command is killed below.
    await this.#qmp.execute("quit", {}, QUIT_TIMEOUT_MS).catch(() => undefined);
    if (!(await this.#goneWithin(QUIT_TIMEOUT_MS))) await this.kill();
  }

  async kill(): Promise<void> {
    this.#plannedEnd ??= "the host killed the VM";
    killProcess(this.record);
    if (await this.#goneWithin(KILL_TIMEOUT_MS)) return;
    throw new VmFailed(
      "control_lost",
      `process ${this.record.pid} does not end, not even by a kill: is its disk stuck?`,
    );
  }

  async #command(doing: string, command: string, commandArguments = {}, timeoutMs?: number): Promise<void> {
    try {
      await this.#qmp.execute(command, commandArguments, timeoutMs);
    } catch (error) {
      throw asVmFailed(doing, error);
    }
  }

  /** Of a child the kernel tells; what was found running has to be asked for. */
  async #goneWithin(timeoutMs: number): Promise<boolean> {
    if (this.#isChild) return settlesWithin(this.exited, timeoutMs);
    const gone = await waitForEnd(this.record, timeoutMs);
    if (gone) await this.exited;
    return gone;
  }

  #onEvent({ name, data }: QmpEvent): void {
    // QEMU stays after the guest's own power-off or reset; there is nothing left to run, so it goes.
    if (name === "SHUTDOWN" && data["guest"] === true && this.#plannedEnd === null) {
      void this.#endHalted(data["reason"] === "guest-reset" ? "restarted or panicked" : "powered itself off");
    }
    if (name === "BLOCK_IO_ERROR" && data["action"] === "stop" && !this.#isRetrying) void this.#retryWrite();
  }

  /** The host's disk is full: QEMU froze the guest rather than fail its write, and tries again when it goes on. */
  async #retryWrite(): Promise<void> {
    this.#isRetrying = true;
    await Bun.sleep(FULL_DISK_RETRY_MS);
    this.#isRetrying = false;
    // Another failure is another event; a VM that has gone meanwhile has told so itself.
    const status = await queryStatus(this.#qmp).catch(() => "gone");
    if (status === "io-error" && !this.#isHeld) await this.#qmp.execute("cont").catch(() => undefined);
  }

  async #endHalted(how: string): Promise<void> {
    const lines = (await this.console()).trim().split("\n");
    this.#plannedEnd ??= `the guest ${how}; its console ended with: ${(lines.at(-1) ?? "").trim().slice(0, 300)}`;
    // `exited` tells the rest; a process that cannot be killed is left to its watcher.
    await this.quit().catch(() => undefined);
  }
}

/** QEMU's run state (RunState in its QAPI), such as `running`, `paused` or `shutdown`. */
export const queryStatus = async (qmp: QmpClient): Promise<string> => {
  const answer = await qmp.execute("query-status");
  return typeof answer === "object" && answer !== null && "status" in answer
    ? String(answer.status)
    : "unknown";
};
