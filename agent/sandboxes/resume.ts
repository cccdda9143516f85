/** Brings a paused sandbox back: on its saved memory, or cold from its disk. */
import { AgentError, describeError } from "../errors.ts";
import type { BootFiles } from "../images/images.ts";
import type { NetworkSlot } from "../net/slots.ts";
import { logFieldsOf, Steps } from "../system/steps.ts";
import type { Vm } from "../vm/runtime.ts";
import { standbyKindOf } from "./ahead/kinds.ts";
import { bootUntilHealthy } from "./boot.ts";
import { endVm } from "./end-vm.ts";
import { freezeBelow } from "./freeze.ts";
import { initGuest } from "./guest-client.ts";
import { handOut, takeVm } from "./hand-out.ts";
import type { Host } from "./host.ts";
import { type Paused, type Running, type SandboxTimeout, writeJournal } from "./journal.ts";
import { restoreMachine } from "./launch.ts";
import { pauseLocked, removeMemory } from "./pause.ts";
import { claimPlace, leavePlace } from "./place.ts";
import { reserveRoom } from "./room.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkTimeout, deadlineFrom } from "./timeout.ts";
import { becomePausedWithoutMemory } from "./vm-exit.ts";

export interface ResumeRequest {
  accessToken: string;
  /** Absent: as before. */
  timeout?: SandboxTimeout;
  /** Drop a kept memory and boot from the disk. */
  cold: boolean;
}

const requireSameRuntime = (host: Host, saved: NonNullable<Paused["saved"]>): void => {
  if (saved.runtimeId === host.runtime.runtimeId) return;
  throw new AgentError(
    "runtime_mismatch",
    `the memory was saved by ${saved.runtimeId} and this host now runs ${host.runtime.runtimeId}; ` +
      "resume with cold to boot from the disk",
    { status: "paused" },
  );
};

const runningFrom = (
  paused: Paused,
  request: ResumeRequest,
  now: { vm: Vm; slot: NetworkSlot; base: Running["base"]; bootFiles: BootFiles },
): Running => {
  const { saved: _saved, reason: _reason, pausedAt: _pausedAt, ...facts } = paused;
  const timeout = request.timeout ?? facts.timeout;
  return {
    ...facts,
    state: "running",
    accessToken: request.accessToken,
    timeout,
    deadlineMs: deadlineFrom(timeout, Date.now()),
    base: now.base,
    kernelDigest: now.bootFiles.kernelDigest,
    guestDriveDigest: now.bootFiles.guestDriveDigest,
    slotIndex: now.slot.index,
    vm: now.vm.record,
  };
};

/** The layers below are read-only history, the top belongs to the slot's uid; also after a crash in a fork. */
const takeLayers = async (host: Host, layers: readonly string[], uid: number): Promise<void> => {
  const top = layers.at(-1);
  if (top === undefined) return;
  await freezeBelow(host, layers);
  await host.layers.chown(top, uid);
};

/** The guest runs but was not initialised: put it back to rest with what it has. */
const retreat = async (host: Host, sandbox: Sandbox, cause: unknown): Promise<void> => {
  host.log.error("resume_failed", { sandbox: sandbox.id, error: describeError(cause) });
  try {
    await pauseLocked(host, sandbox, { keepMemory: true, reason: "resume_failed" });
  } catch (error) {
    host.log.error("resume_retreat_failed", { sandbox: sandbox.id, error: describeError(error) });
    await sandbox.live?.vm.kill();
    await becomePausedWithoutMemory(host, sandbox, "resume_failed");
  }
};

/**
 * Saved memory that was used up; nothing refers to it any more. Not waited for: freeing a large file
 * on a busy disk can take longer than all of the resume.
 */
const discardMemory = (host: Host, sandbox: Sandbox, saved: NonNullable<Paused["saved"]>): void => {
  void removeMemory(saved).catch((error: unknown) => {
    host.log.warn("discard_failed", { sandbox: sandbox.id, error: describeError(error) });
  });
};

/** Before a boot, that moves the disk on without that memory: it must never be put over it again. */
const dropMemory = async (host: Host, sandbox: Sandbox, paused: Paused): Promise<void> => {
  if (paused.saved === null) return;
  const journal: Paused = { ...paused, saved: null };
  await writeJournal(host.layout.sandboxJournal(sandbox.id), journal);
  sandbox.journal = journal;
  await removeMemory(paused.saved);
};

const resumeLocked = async (host: Host, sandbox: Sandbox, request: ResumeRequest): Promise<void> => {
  const steps = new Steps();
  const paused = sandbox.requirePaused();
  const saved = request.cold ? null : paused.saved;
  if (saved !== null) requireSameRuntime(host, saved);
  using _room = await reserveRoom(host, { memoryMb: paused.memoryMb, diskSizeMb: 0 });
  const bootFiles =
    saved === null
      ? await host.images.currentBootFiles()
      : await host.images.bootFiles(paused.kernelDigest, paused.guestDriveDigest);
  const base: Running["base"] = saved === null ? { kind: "zero" } : paused.base;

  await using undo = new AsyncDisposableStack();
  let vm: Vm | null = null;
  const place = await claimPlace(host, saved === null ? null : standbyKindOf(paused), paused.network);
  const { slot } = place;
  undo.defer(() => (vm === null ? leavePlace(host, place) : endVm(host, { vm, slot })));
  steps.done("slot");
  if (saved === null) await dropMemory(host, sandbox, paused);
  await takeLayers(host, paused.layers, slot.uid);
  steps.done("layer");
  const machine = { ...paused, base, bootFiles };
  const { signal } = sandbox.doomed;
  if (saved === null) {
    vm = await bootUntilHealthy(host, machine, slot, signal);
    steps.done("boot");
  } else {
    vm = await restoreMachine(host, machine, place, saved, (step) => steps.done(step));
  }
  sandbox.throwIfDoomed();
  const journal = runningFrom(paused, request, { vm, slot, base, bootFiles });
  await takeVm(host, sandbox, journal, { vm, slot });
  undo.move();
  steps.done("journal");

  try {
    if (saved !== null) {
      await vm.resume();
      steps.done("go");
    }
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(host.settings.readyMs)]);
    // Kept memory has them.
    const envs = saved === null ? paused.envs : undefined;
    await initGuest(slot.address, { accessToken: request.accessToken, envs }, deadline);
  } catch (error) {
    await retreat(host, sandbox, error);
    throw error;
  } finally {
    if (saved !== null) discardMemory(host, sandbox, saved);
  }
  handOut(host, sandbox);
  steps.done("guest");
  const { times } = steps;
  host.stepTimes.note(saved === null ? "resume_cold" : "resume", times);
  host.log.info("sandbox_resumed", {
    sandbox: sandbox.id,
    slot: slot.index,
    cold: saved === null,
    standbys: host.standbys.count,
    ...logFieldsOf(times),
  });
};

/**
 * Throws `invalid_state` unless paused; `runtime_mismatch`, `snapshot_refused`, `memory_full` and any
 * failure before the guest ran leave it paused with its memory whole. A cold resume keeps it until there is
 * room and a slot, then its disk alone is left.
 */
export const resumeSandbox = async (host: Host, sandbox: Sandbox, request: ResumeRequest): Promise<void> => {
  if (request.timeout !== undefined) checkTimeout(request.timeout);
  await sandbox.exclusively("resume", () => resumeLocked(host, sandbox, request));
};
