/**
 * Brings a new sandbox to life: on a template's memory, on a copy of another sandbox's, or cold. All or
 * nothing: it is handed out initialised, or nothing of it is left.
 */
import { describeError } from "../errors.ts";
import type { BootFiles } from "../images/images.ts";
import type { SavedMemory, Vm } from "../vm/runtime.ts";
import { BOOT_DEADLINES, bootUntilHealthy } from "./boot.ts";
import { endVm } from "./end-vm.ts";
import { initGuest } from "./guest-client.ts";
import { handOut, takeVm } from "./hand-out.ts";
import type { Host } from "./host.ts";
import { identityOf } from "./identity.ts";
import type { Running, SandboxFacts } from "./journal.ts";
import { restoreMachine } from "./launch.ts";
import type { Sandbox } from "./sandbox.ts";
import { deadlineFrom } from "./timeout.ts";

export interface Clone {
  /** `layers` are those to stand on: the clone's own is put on top. */
  facts: SandboxFacts;
  bootFiles: BootFiles;
  /** Null: boot from the disk. */
  saved: SavedMemory | null;
}

/** The caller holds the sandbox's lock and unregisters it when this throws. */
export const startClone = async (host: Host, sandbox: Sandbox, clone: Clone): Promise<void> => {
  const { facts, saved } = clone;
  const startedMs = performance.now();
  await using undo = new AsyncDisposableStack();
  let vm: Vm | null = null;
  const slot = await host.slots.claim(facts.network);
  undo.defer(() => (vm === null ? host.slots.release(slot) : endVm(host, { vm, slot })));
  const slotMs = performance.now();
  const top = await host.layers.create(facts.layers, { diskSizeMb: facts.diskSizeMb, uid: slot.uid });
  const layers = [...facts.layers, top];
  sandbox.plannedLayers = layers;
  const layerMs = performance.now();
  sandbox.throwIfDoomed();

  const machine = { ...facts, layers, bootFiles: clone.bootFiles };
  const deadline = AbortSignal.any([
    sandbox.doomed.signal,
    AbortSignal.timeout(saved === null ? BOOT_DEADLINES * host.settings.bootMs : host.settings.readyMs),
  ]);
  vm =
    saved === null
      ? await bootUntilHealthy(host, machine, slot, deadline)
      : await restoreMachine(host, machine, slot, saved);
  const loadedMs = performance.now();
  if (saved !== null) await vm.resume();
  await initGuest(
    slot.address,
    { accessToken: facts.accessToken, envs: facts.envs, identity: identityOf(facts.sandboxId) },
    deadline,
  );
  const readyMs = performance.now();

  const journal: Running = {
    ...facts,
    state: "running",
    layers,
    slotIndex: slot.index,
    vm: vm.record,
    deadlineMs: deadlineFrom(facts.timeout, Date.now()),
  };
  await takeVm(host, sandbox, journal, { vm, slot });
  undo.move();
  handOut(host, sandbox);
  host.log.info("sandbox_started", {
    sandbox: facts.sandboxId,
    slot: slot.index,
    cold: saved === null,
    slotMs: Math.round(slotMs - startedMs),
    layerMs: Math.round(layerMs - slotMs),
    loadMs: Math.round(loadedMs - layerMs),
    readyMs: Math.round(readyMs - loadedMs),
    journalMs: Math.round(performance.now() - readyMs),
  });
};

/** Logs what could not be undone instead of hiding the first error behind it. */
export const undoing = async (host: Host, sandbox: Sandbox, undo: () => Promise<void>): Promise<void> => {
  try {
    await undo();
  } catch (error) {
    host.log.error("undo_failed", { sandbox: sandbox.id, error: describeError(error) });
  }
};
