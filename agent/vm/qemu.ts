/** QEMU microVMs behind the `VmRuntime` contract: boot, prepare, restore, adopt. */
import { writeFile } from "node:fs/promises";

import { isRunning, killProcess, waitForEnd } from "../system/process-identity.ts";
import { readDeviceState } from "./device-state.ts";
import { findGuestMemory } from "./guest-memory.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { MACHINE_DEFINITION } from "./machine.ts";
import type { VmmSettings } from "./machine.ts";
import { DiffLoad } from "./memory-diff.ts";
import { PAGE_BYTES } from "./page-runs.ts";
import { lastLogLine } from "./qemu-log.ts";
import { QemuVm, queryStatus } from "./qemu-vm.ts";
import { QmpClient, QmpFailed } from "./qmp.ts";
import { insertCommands } from "./root-disk.ts";
import { SnapshotRefused, VmFailed } from "./runtime.ts";
import type {
  OnStep,
  RestoreOptions,
  SavedMemory,
  Vm,
  VmPriority,
  VmRecord,
  VmRuntime,
  VmShape,
  VmSpec,
} from "./runtime.ts";
import { INCOMING_FD, spawnVm, vmFiles } from "./spawn-vm.ts";
import type { SpawnedVm, SpawnOptions } from "./spawn-vm.ts";

/*
 * Measured on two cores without KVM, 512 MB of guest memory: spawn to the first answer over QMP 22 ms, spawn
 * to loaded and stopped 35 to 45 ms from a template and 75 ms with 42 MB to load.
 */
const START_TIMEOUT_MS = 20_000;
const LOAD_TIMEOUT_MS = 20_000;
const ADOPT_TIMEOUT_MS = 20_000;
const END_TIMEOUT_MS = 10_000;

export interface QemuIdentity extends VmmSettings {
  /** Such as `7.2`. */
  qemuVersion: string;
  /** Names the guest's CPU: features of an accelerated one follow the host's. */
  cpuModel: string;
}

interface StartedVm extends SpawnedVm {
  qmp: QmpClient;
  memory: GuestMemory;
  record: VmRecord;
}

/** Ends what was started. What the process itself said is worth more than that it went away. */
const giveUp = async (
  { directory }: VmShape,
  { child, identity }: SpawnedVm,
  cause: unknown,
): Promise<never> => {
  const diedByItself = !(await stillRuns(identity, cause));
  killProcess(identity);
  await waitForEnd(identity, END_TIMEOUT_MS);
  const said = await lastLogLine(vmFiles(directory).log);
  const words = said === "" ? "" : `: ${said}`;
  const detail = cause instanceof Error ? cause.message : String(cause);
  if (cause instanceof SnapshotRefused) throw new SnapshotRefused(`${detail}${words}`, { cause });
  const how = diedByItself ? `QEMU ended (${child.signalCode ?? `exit code ${child.exitCode}`})` : detail;
  throw new VmFailed("start_failed", `the VM did not start: ${how}${words}`, { cause });
};

/** A closed connection comes a moment before the end of the process. */
const stillRuns = async (identity: SpawnedVm["identity"], cause: unknown): Promise<boolean> => {
  const closed = cause instanceof QmpFailed && cause.code === "closed";
  return closed ? !(await waitForEnd(identity, 500)) : isRunning(identity);
};

/** What this agent starts VMs with, and the name of it. */
interface Runtime {
  settings: VmmSettings;
  runtimeId: string;
}

/** Of guest memory. By multiplication: shifts end at 2 GB. */
const pagesOf = ({ memoryMb }: VmShape): number => (memoryMb * 2 ** 20) / PAGE_BYTES;

const connect = async (shape: VmShape, spawned: SpawnedVm, runtimeId: string): Promise<StartedVm> => {
  const { directory, memoryMb, baseMemoryPath } = shape;
  const controlSocketPath = vmFiles(directory).controlSocket;
  const qmp = await QmpClient.connect({ socketPath: controlSocketPath, timeoutMs: START_TIMEOUT_MS });
  const memory = findGuestMemory(spawned.identity.pid, baseMemoryPath);
  if (memory === null || memory.pages !== pagesOf(shape)) {
    throw new VmFailed("start_failed", `the VM does not map ${memoryMb} MB of ${baseMemoryPath}`);
  }
  const record = { ...spawned.identity, controlSocketPath, baseMemoryPath, runtimeId };
  return { ...spawned, qmp, memory, record };
};

/** A process that waits for its disk and its guest. */
const start = async (
  shape: VmShape,
  { runtimeId, ...options }: SpawnOptions & { runtimeId: string },
): Promise<StartedVm> => {
  const spawned = await spawnVm(shape, options);
  try {
    return await connect(shape, spawned, runtimeId);
  } catch (error) {
    return giveUp(shape, spawned, error);
  }
};

const insertDisk = async (qmp: QmpClient, overlayPath: string | null): Promise<void> => {
  if (overlayPath === null) return;
  // One after the other on the wire, without waiting in between; the first failure is the cause of others.
  const done = insertCommands(overlayPath).map((command) => qmp.execute(...command, LOAD_TIMEOUT_MS));
  for (const result of await Promise.allSettled(done)) {
    if (result.status === "rejected") throw result.reason;
  }
};

/** Loads the device state that lies ready; resolves when the machine stands, stopped. Throws `SnapshotRefused`. */
const loadDevices = async (qmp: QmpClient): Promise<void> => {
  const { promise: outcome, resolve } = Promise.withResolvers<"completed" | "failed" | "ended" | "late">();
  const stopListening = qmp.onEvent(({ name, data }) => {
    if (name !== "MIGRATION") return;
    if (data["status"] === "completed" || data["status"] === "failed") resolve(data["status"]);
  });
  // A QEMU that dislikes the state ends itself.
  void qmp.closed.then(() => resolve("ended"));
  const timer = setTimeout(() => resolve("late"), LOAD_TIMEOUT_MS);
  try {
    const events = { capabilities: [{ capability: "events", state: true }] };
    // One after the other on the wire, without waiting in between. How it went, the events tell.
    const accepted = await Promise.allSettled([
      qmp.execute("migrate-set-capabilities", events),
      qmp.execute("migrate-incoming", { uri: `fd:${INCOMING_FD}` }),
    ]);
    for (const answer of accepted) {
      const ended =
        answer.status === "rejected" && answer.reason instanceof QmpFailed && answer.reason.code === "closed";
      if (answer.status === "rejected" && !ended) throw answer.reason;
    }
    const result = await outcome;
    if (result === "late")
      throw new QmpFailed("migrate-incoming", "deadline", `not loaded within ${LOAD_TIMEOUT_MS} ms`);
    if (result !== "completed") throw new SnapshotRefused("QEMU did not take the saved device state");
  } finally {
    clearTimeout(timer);
    stopListening();
  }
};

const boot = async (spec: VmSpec, runtime: Runtime): Promise<Vm> => {
  const started = await start(spec, { ...runtime, kernel: spec.kernel, priority: "normal" });
  try {
    await insertDisk(started.qmp, spec.overlayPath);
    await started.qmp.execute("cont");
    return new QemuVm(started);
  } catch (error) {
    return giveUp(spec, started, error);
  }
};

interface Load {
  spec: VmSpec;
  diff: DiffLoad;
  deviceState: Uint8Array;
}

const load = async (started: StartedVm, { spec, diff, deviceState }: Load, onStep: OnStep): Promise<void> => {
  const { qmp, memory } = started;
  try {
    const placed = [
      diff.into(memory),
      insertDisk(qmp, spec.overlayPath),
      writeFile(vmFiles(spec.directory).incoming, deviceState),
    ];
    // Nothing is written any more once a failure is told.
    await Promise.allSettled(placed);
    await Promise.all(placed);
    onStep("memory");
    // Memory first: loading devices reads their queues from it.
    await loadDevices(qmp);
    onStep("devices");
  } catch (error) {
    await giveUp(spec, started, error);
  }
};

/** States in which there is a machine to go on with; others are the remains of an interrupted start. */
const ADOPTABLE = new Set(["running", "paused", "io-error", "save-vm", "postmigrate"]);

/**
 * A process that stays silent, or that holds no machine to go on with (a load that was cut off, a guest that
 * halted), is ended: nobody could stop, save or resume it.
 */
const adopt = async (record: VmRecord): Promise<Vm | null> => {
  if (!isRunning(record)) return null;
  const memory = findGuestMemory(record.pid, record.baseMemoryPath);
  try {
    const qmp = await QmpClient.connect({
      socketPath: record.controlSocketPath,
      timeoutMs: ADOPT_TIMEOUT_MS,
    });
    const status = await queryStatus(qmp);
    if (memory !== null && ADOPTABLE.has(status)) return new QemuVm({ record, qmp, memory, child: null });
    qmp.close();
  } catch (error) {
    if (!(error instanceof QmpFailed)) throw error;
  }
  killProcess(record);
  if (await waitForEnd(record, END_TIMEOUT_MS)) return null;
  throw new VmFailed("control_lost", `process ${record.pid} neither answers nor ends, not even by a kill`);
};

/** A runtime whose accelerator and version are settled; see `open-runtime.ts`. */
export const createQemuRuntime = ({ qemuVersion, cpuModel, ...settings }: QemuIdentity): VmRuntime => {
  const runtimeId = `qemu-${qemuVersion}/${MACHINE_DEFINITION}/${cpuModel}/${settings.accelerator}`;
  const runtime = { settings, runtimeId };
  const waiting = new WeakMap<Vm, StartedVm>();

  const prepare = async (shape: VmShape, priority: VmPriority): Promise<Vm> => {
    const started = await start(shape, { ...runtime, kernel: null, priority });
    const vm = new QemuVm(started);
    waiting.set(vm, started);
    return vm;
  };

  const restore = async (
    spec: VmSpec,
    saved: SavedMemory,
    { onStep = () => {}, prepared = null }: RestoreOptions = {},
  ): Promise<Vm> => {
    await using undo = new AsyncDisposableStack();
    if (prepared !== null) undo.defer(() => prepared.kill());
    if (saved.runtimeId !== runtimeId) {
      throw new SnapshotRefused(`it was saved by ${saved.runtimeId} and this host now runs ${runtimeId}`);
    }
    const deviceState = await readDeviceState(saved.deviceStatePath, saved.deviceStateDigest);
    // Read while QEMU gets ready.
    const diff = new DiffLoad({
      path: saved.diffPath,
      runs: saved.runs,
      digest: saved.diffDigest,
      pages: pagesOf(spec),
    });
    undo.defer(() => diff.drop());
    const vm = prepared ?? (await prepare(spec, "normal"));
    const started = waiting.get(vm);
    if (started === undefined) throw new Error("this runtime did not prepare the VM to load into");
    waiting.delete(vm);
    onStep("process");
    await load(started, { spec, diff, deviceState }, onStep);
    undo.move();
    return vm;
  };

  return {
    accelerator: settings.accelerator === "kvm" ? "kvm" : "emulated",
    runtimeId,
    boot: (spec) => boot(spec, runtime),
    prepare: (shape) => prepare(shape, "background"),
    restore,
    adopt,
  };
};
