/** QEMU microVMs behind the `VmRuntime` contract: boot, restore, adopt. */
import { isRunning, killProcess, waitForEnd } from "../system/process-identity.ts";
import { checkDeviceState } from "./device-state.ts";
import { findGuestMemory } from "./guest-memory.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { MACHINE_DEFINITION } from "./machine.ts";
import type { VmmSettings } from "./machine.ts";
import { DiffLoad } from "./memory-diff.ts";
import { PAGE_BYTES } from "./page-runs.ts";
import { lastLogLine } from "./qemu-log.ts";
import { QemuVm, queryStatus } from "./qemu-vm.ts";
import { QmpClient, QmpFailed } from "./qmp.ts";
import { SnapshotRefused, VmFailed } from "./runtime.ts";
import type { OnStep, SavedMemory, Vm, VmRecord, VmRuntime, VmSpec } from "./runtime.ts";
import { INCOMING_FD, spawnVm, vmFiles } from "./spawn-vm.ts";
import type { SpawnedVm } from "./spawn-vm.ts";

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
const giveUp = async (spec: VmSpec, { child, identity }: SpawnedVm, cause: unknown): Promise<never> => {
  const diedByItself = !(await stillRuns(identity, cause));
  killProcess(identity);
  await waitForEnd(identity, END_TIMEOUT_MS);
  const said = await lastLogLine(vmFiles(spec.directory).log);
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
const pagesOf = ({ memoryMb }: VmSpec): number => (memoryMb * 2 ** 20) / PAGE_BYTES;

const start = async (spec: VmSpec, spawned: SpawnedVm, runtimeId: string): Promise<StartedVm> => {
  const controlSocketPath = vmFiles(spec.directory).controlSocket;
  const qmp = await QmpClient.connect({ socketPath: controlSocketPath, timeoutMs: START_TIMEOUT_MS });
  const memory = findGuestMemory(spawned.identity.pid, spec.baseMemoryPath);
  if (memory === null || memory.pages !== pagesOf(spec)) {
    throw new VmFailed("start_failed", `the VM does not map ${spec.memoryMb} MB of ${spec.baseMemoryPath}`);
  }
  const { baseMemoryPath } = spec;
  const record = { ...spawned.identity, controlSocketPath, baseMemoryPath, runtimeId };
  return { ...spawned, qmp, memory, record };
};

/** Loads the inherited device state; resolves when the machine stands, stopped. Throws `SnapshotRefused`. */
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

const boot = async (spec: VmSpec, { settings, runtimeId }: Runtime): Promise<Vm> => {
  const spawned = await spawnVm(spec, { settings, incomingPath: null });
  try {
    return new QemuVm(await start(spec, spawned, runtimeId));
  } catch (error) {
    return giveUp(spec, spawned, error);
  }
};

const restore = async (
  spec: VmSpec,
  saved: SavedMemory,
  { settings, runtimeId, onStep }: Runtime & { onStep: OnStep },
): Promise<Vm> => {
  if (saved.runtimeId !== runtimeId) {
    throw new SnapshotRefused(`it was saved by ${saved.runtimeId} and this host now runs ${runtimeId}`);
  }
  await checkDeviceState(saved.deviceStatePath, saved.deviceStateDigest);
  const spawned = await spawnVm(spec, { settings, incomingPath: saved.deviceStatePath });
  onStep("spawn");
  // Read while QEMU gets ready.
  const diff = new DiffLoad({
    path: saved.diffPath,
    runs: saved.runs,
    digest: saved.diffDigest,
    pages: pagesOf(spec),
  });
  try {
    const started = await start(spec, spawned, runtimeId);
    onStep("control");
    // Memory first: loading devices reads their queues from it.
    await diff.into(started.memory);
    onStep("memory");
    await loadDevices(started.qmp);
    onStep("devices");
    return new QemuVm(started);
  } catch (error) {
    await diff.drop();
    return giveUp(spec, spawned, error);
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
  return {
    accelerator: settings.accelerator === "kvm" ? "kvm" : "emulated",
    runtimeId,
    boot: (spec) => boot(spec, { settings, runtimeId }),
    restore: (spec, saved, onStep = () => {}) => restore(spec, saved, { settings, runtimeId, onStep }),
    adopt,
  };
};
