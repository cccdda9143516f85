/** Starts the machine of a sandbox in its place: on saved memory (stopped), or cold from its disk. */
import { join } from "node:path";

import { AgentError, describeError } from "../errors.ts";
import type { NetworkSlot } from "../net/slots.ts";
import { type OnStep, type SavedMemory, SnapshotRefused, type Vm, type VmSpec } from "../vm/runtime.ts";
import type { Standby } from "./ahead/kinds.ts";
import { moveStandby } from "./ahead/standby.ts";
import type { Host } from "./host.ts";
import type { Place } from "./place.ts";
import { type MachineShape, shapeOf } from "./shape.ts";

export interface Machine extends MachineShape {
  /** Oldest first; the last is written to. */
  layers: string[];
}

const specOf = async (host: Host, machine: Machine, slot: NetworkSlot): Promise<VmSpec> => {
  const top = machine.layers.at(-1);
  if (top === undefined) throw new Error(`sandbox ${machine.sandboxId} has no disk layer`);
  const shape = await shapeOf(host, machine, slot);
  return { ...shape, kernel: machine.bootFiles.kernel, overlayPath: host.layers.path(top) };
};

/** Into the process that waits, where one does: that may have died without anybody knowing, and then another is started. */
const restore = async (
  host: Host,
  { spec, standby }: { spec: VmSpec; standby: Standby | null },
  saved: SavedMemory,
  onStep?: OnStep,
): Promise<Vm> => {
  if (standby !== null) {
    try {
      await moveStandby(host, standby, spec.directory);
      return await host.runtime.restore(spec, saved, { onStep, prepared: standby.live.vm });
    } catch (error) {
      if (error instanceof SnapshotRefused) throw error;
      host.log.warn("standby_not_used", { standby: standby.id, error: describeError(error) });
      await standby.live.vm.kill();
    }
  }
  return host.runtime.restore(spec, saved, { onStep });
};

/** The VM is loaded and stopped when this resolves. Throws `snapshot_refused` when it must not be used. */
export const restoreMachine = async (
  host: Host,
  machine: Machine,
  { slot, standby }: Place,
  saved: SavedMemory,
  onStep?: OnStep,
): Promise<Vm> => {
  const spec = await specOf(host, machine, slot);
  try {
    return await restore(host, { spec, standby }, saved, onStep);
  } catch (cause) {
    if (!(cause instanceof SnapshotRefused)) throw cause;
    throw new AgentError(
      "snapshot_refused",
      `the saved memory cannot be used (${cause.message}); resume with cold to boot from the disk`,
      { status: "paused", cause },
    );
  }
};

/** The guest is booting when this resolves. */
export const bootMachine = async (host: Host, machine: Machine, slot: NetworkSlot): Promise<Vm> =>
  host.runtime.boot(await specOf(host, machine, slot));

/** A file of the sandbox beside its journal. */
export const sandboxFile = (host: Host, sandboxId: string, name: string): string =>
  join(host.layout.sandboxDirectory(sandboxId), name);
