/**
 * Brings a new sandbox to life: in a spare, on a template's memory, on a copy of another sandbox's, or cold.
 * All or nothing: it is handed out initialised, or nothing of it is left.
 */
import { rm } from "node:fs/promises";

import { describeError } from "../errors.ts";
import type { BootFiles } from "../images/images.ts";
import { logFieldsOf, type Steps } from "../system/steps.ts";
import type { SavedMemory, Vm } from "../vm/runtime.ts";
import { type Spare, standbyKindOf } from "./ahead/kinds.ts";
import { giveSpare } from "./ahead/spare.ts";
import { BOOT_DEADLINES, bootUntilHealthy } from "./boot.ts";
import { endVm } from "./end-vm.ts";
import { initGuest } from "./guest-client.ts";
import { handOut, takeVm } from "./hand-out.ts";
import type { Host } from "./host.ts";
import { identityOf } from "./identity.ts";
import type { Running, SandboxFacts } from "./journal.ts";
import { restoreMachine } from "./launch.ts";
import { claimPlace, leavePlace } from "./place.ts";
import type { Live, Sandbox } from "./sandbox.ts";
import type { TimedOperation } from "./step-times.ts";
import { deadlineFrom } from "./timeout.ts";

export interface Clone {
  /** `layers` are those to stand on: the clone's own is put on top. */
  facts: SandboxFacts;
  bootFiles: BootFiles;
  /** Null: boot from the disk. */
  saved: SavedMemory | null;
  /** A machine that stands on all this already. */
  spare?: Spare | null;
  /** What it is made by, and the steps of that so far. */
  operation: "create" | "fork";
  steps: Steps;
}

/** What a machine is made under: its end, and how to take back what was made. */
interface Making {
  deadline: AbortSignal;
  undo: AsyncDisposableStack;
}

interface Standing extends Live {
  layers: string[];
}

/** The guest runs, or stands loaded. */
const assemble = async (
  host: Host,
  sandbox: Sandbox,
  { facts, bootFiles, saved, steps }: Clone,
  { deadline, undo }: Making,
): Promise<Standing> => {
  let vm: Vm | null = null;
  const place = await claimPlace(host, saved === null ? null : standbyKindOf(facts), facts.network);
  const { slot } = place;
  undo.defer(() => (vm === null ? leavePlace(host, place) : endVm(host, { vm, slot })));
  steps.done("slot");
  const top = await host.layers.create(facts.layers, { diskSizeMb: facts.diskSizeMb, uid: slot.uid });
  const layers = [...facts.layers, top];
  sandbox.plannedLayers = layers;
  steps.done("layer");
  sandbox.throwIfDoomed();
  const machine = { ...facts, layers, bootFiles };
  if (saved === null) {
    vm = await bootUntilHealthy(host, machine, slot, deadline);
    steps.done("boot");
  } else {
    vm = await restoreMachine(host, machine, place, saved, (step) => steps.done(step));
  }
  return { vm, slot, layers };
};

const settleIn = async (
  host: Host,
  sandbox: Sandbox,
  { spare, facts: { network }, steps }: Clone & { spare: Spare },
  { undo }: Making,
): Promise<Standing> => {
  undo.defer(() => rm(host.layout.spareDirectory(spare.id), { recursive: true, force: true }));
  undo.defer(() => endVm(host, spare.live));
  await giveSpare(host, { spare, sandbox, network });
  steps.done("spare");
  return { ...spare.live, layers: spare.layers };
};

const kindOf = ({ operation, saved, spare = null }: Clone): TimedOperation => {
  if (spare !== null) return "create_from_spare";
  // What was paused without memory has a disk alone to copy.
  return operation === "fork" && saved === null ? "fork_cold" : operation;
};

/** The caller holds the sandbox's lock and unregisters it when this throws. */
export const startClone = async (host: Host, sandbox: Sandbox, clone: Clone): Promise<void> => {
  const { facts, saved, spare = null, steps } = clone;
  await using undo = new AsyncDisposableStack();
  const deadline = AbortSignal.any([
    sandbox.doomed.signal,
    AbortSignal.timeout(saved === null ? BOOT_DEADLINES * host.settings.bootMs : host.settings.readyMs),
  ]);
  const making = { deadline, undo };
  const { vm, slot, layers } =
    spare === null
      ? await assemble(host, sandbox, clone, making)
      : await settleIn(host, sandbox, { ...clone, spare }, making);
  if (saved !== null) {
    await vm.resume();
    steps.done("go");
  }
  await initGuest(
    slot.address,
    { accessToken: facts.accessToken, envs: facts.envs, identity: identityOf(facts.sandboxId) },
    deadline,
  );
  steps.done("guest");

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
  steps.done("journal");
  const { times } = steps;
  host.stepTimes.note(kindOf(clone), times);
  host.log.info("sandbox_started", {
    sandbox: facts.sandboxId,
    slot: slot.index,
    cold: saved === null,
    spare: spare !== null,
    spares: host.spares.count,
    standbys: host.standbys.count,
    ...logFieldsOf(times),
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
