/** Puts a running sandbox to rest: its memory saved, or dropped on request. */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { describeError } from "../errors.ts";
import { SYNC_COMMAND } from "../images/guest-init.ts";
import { syncDirectory } from "../system/durable.ts";
import { logFieldsOf, Steps } from "../system/steps.ts";
import type { OnStep, SavedMemory, Vm } from "../vm/runtime.ts";
import { standbyKindOf } from "./ahead/kinds.ts";
import { endVmBeforeSlot } from "./end-vm.ts";
import { flattenLater } from "./flatten.ts";
import { runInGuest } from "./guest-client.ts";
import type { Host } from "./host.ts";
import { type Paused, type Running, writeJournal } from "./journal.ts";
import { keepConsole } from "./observe.ts";
import type { Live, Sandbox } from "./sandbox.ts";
import { drainDoor } from "./streams.ts";

/** Flushing the guest's file systems before memory is dropped: best effort. */
const SYNC_MS = 5_000;

export interface PauseOptions {
  keepMemory: boolean;
  /** Empty when somebody asked for it. */
  reason: string;
}

/**
 * Saves a stopped VM's memory under new names in `directory`. Whole and on disk when this resolves; on
 * an error nothing is left.
 */
export const saveMemory = async (
  vm: Vm,
  directory: string,
  onStep: OnStep = () => {},
): Promise<SavedMemory> => {
  const name = crypto.randomUUID();
  const target = {
    diffPath: join(directory, `${name}.diff`),
    deviceStatePath: join(directory, `${name}.device`),
  };
  try {
    const saved = await vm.save(target, onStep);
    await syncDirectory(directory);
    onStep("sync");
    return saved;
  } catch (error) {
    await removeMemory(target);
    throw error;
  }
};

export const removeMemory = async (
  saved: Pick<SavedMemory, "diffPath" | "deviceStatePath">,
): Promise<void> => {
  for (const path of [saved.diffPath, saved.deviceStatePath]) await rm(path, { force: true });
};

/** The slot's uid is another sandbox's soon. */
const disownDisk = async (host: Host, { layers }: Paused): Promise<void> => {
  const top = layers.at(-1);
  if (top !== undefined) await host.layers.chown(top, 0);
};

const finishPause = async (host: Host, sandbox: Sandbox, journal: Paused, live: Live): Promise<void> => {
  await writeJournal(host.layout.sandboxJournal(sandbox.id), journal);
  sandbox.journal = journal;
  sandbox.live = null;
  // The answer need not wait for the process to leave; whatever comes next does.
  sandbox.aftermath = keepConsole(host, sandbox.id, live.vm)
    .then(() => live.vm.quit())
    .then(() => disownDisk(host, journal))
    .catch((error: unknown) => {
      host.log.error("pause_cleanup_failed", { sandbox: sandbox.id, error: describeError(error) });
    })
    .then(() => endVmBeforeSlot(host, live));
};

const pausedFrom = (running: Running, reason: string, saved: Paused["saved"]): Paused => {
  const { slotIndex: _slot, vm: _vm, ...facts } = running;
  return { ...facts, state: "paused", reason, pausedAt: new Date().toISOString(), saved };
};

/** After a failed pause: as if nothing had been asked. */
const goOn = async (
  host: Host,
  sandbox: Sandbox,
  { journal, live }: { journal: Running; live: Live },
  saved: SavedMemory | null,
): Promise<void> => {
  // Writing the journal can fail after the new one stands: it must not speak of memory that grows old.
  await writeJournal(host.layout.sandboxJournal(sandbox.id), journal).catch((error: unknown) => {
    host.log.error("journal_not_restored", { sandbox: sandbox.id, error: describeError(error) });
  });
  if (saved !== null) await removeMemory(saved);
  // Also after a stop without an answer: QEMU may have taken it, or take it later.
  await live.vm.resume();
};

const keepMemory = async (host: Host, sandbox: Sandbox, reason: string, steps: Steps): Promise<void> => {
  const { journal, live } = sandbox.requireRunning();
  let saved: SavedMemory | null = null;
  try {
    await live.vm.stop();
    steps.done("stop");
    const directory = host.layout.sandboxDirectory(sandbox.id);
    saved = await saveMemory(live.vm, directory, (step) => steps.done(step));
    await finishPause(host, sandbox, pausedFrom(journal, reason, saved), live);
    steps.done("journal");
    const { times } = steps;
    host.stepTimes.note("pause", times);
    host.log.info("sandbox_paused", {
      sandbox: sandbox.id,
      reason,
      pages: saved.runs.reduce((sum, [, count]) => sum + count, 0),
      ...logFieldsOf(times),
    });
  } catch (error) {
    await goOn(host, sandbox, { journal, live }, saved);
    throw error;
  }
};

const dropMemory = async (host: Host, sandbox: Sandbox, reason: string): Promise<void> => {
  const { journal, live } = sandbox.requireRunning();
  const guest = { address: live.slot.address, accessToken: journal.accessToken };
  await runInGuest(guest, SYNC_COMMAND, AbortSignal.timeout(SYNC_MS)).catch((error: unknown) => {
    host.log.warn("sync_failed", { sandbox: sandbox.id, error: describeError(error) });
  });
  try {
    await live.vm.stop();
    await finishPause(host, sandbox, pausedFrom(journal, reason, null), live);
  } catch (error) {
    await goOn(host, sandbox, { journal, live }, null);
    throw error;
  }
  host.log.info("sandbox_paused", { sandbox: sandbox.id, reason, memoryKept: false });
};

/** The caller holds the lock. On an error the sandbox runs on, unless its VM died. */
export const pauseLocked = async (host: Host, sandbox: Sandbox, options: PauseOptions): Promise<void> => {
  sandbox.requireRunning();
  const wasAccepting = sandbox.accepting;
  const steps = new Steps();
  await drainDoor(sandbox, host.settings.drainMs);
  steps.done("drain");
  try {
    await (options.keepMemory
      ? keepMemory(host, sandbox, options.reason, steps)
      : dropMemory(host, sandbox, options.reason));
  } catch (error) {
    sandbox.accepting = wasAccepting;
    throw error;
  }
};

const expectResume = (host: Host, { journal }: Sandbox): void => {
  const kind = journal?.state === "paused" && journal.saved !== null ? standbyKindOf(journal) : null;
  if (kind !== null) host.standbys.suggest(kind);
};

/** Throws `invalid_state` unless it runs. */
export const pauseSandbox = async (host: Host, sandbox: Sandbox, options: PauseOptions): Promise<void> => {
  await sandbox.exclusively("pause", () => pauseLocked(host, sandbox, options));
  expectResume(host, sandbox);
  flattenLater(host, sandbox);
};
