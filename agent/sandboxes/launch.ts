/** Starts the machine of a sandbox in its slot: on saved memory (stopped), or cold from its disk. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { AgentError } from "../errors.ts";
import type { BootFiles } from "../images/images.ts";
import type { NetworkSlot } from "../net/slots.ts";
import { memoryGroup } from "../system/instance-ids.ts";
import { type OnStep, type SavedMemory, SnapshotRefused, type Vm, type VmSpec } from "../vm/runtime.ts";
import type { Host } from "./host.ts";
import type { BaseMemory } from "./journal.ts";

export interface Machine {
  sandboxId: string;
  vcpus: number;
  memoryMb: number;
  layers: string[];
  base: BaseMemory;
  bootFiles: BootFiles;
  /** @default the one in the sandbox's directory */
  vmDirectory?: string;
}

const baseMemoryPath = async (host: Host, machine: Machine): Promise<string> => {
  const { base, memoryMb } = machine;
  if (base.kind === "zero") return host.images.zeroMemoryPath(memoryMb);
  const template = await host.templates.open(base.key);
  if (template === null) {
    throw new AgentError("template_not_found", "the template this sandbox's memory depends on is not here");
  }
  return template.baseMemoryPath;
};

const specOf = async (host: Host, machine: Machine, slot: NetworkSlot): Promise<VmSpec> => {
  const top = machine.layers.at(-1);
  if (top === undefined) throw new Error(`sandbox ${machine.sandboxId} has no disk layer`);
  const directory = machine.vmDirectory ?? host.layout.sandboxVmDirectory(machine.sandboxId);
  await mkdir(directory, { recursive: true, mode: 0o711 });
  return {
    name: `wrenn-${machine.sandboxId}`,
    directory,
    vcpus: machine.vcpus,
    memoryMb: machine.memoryMb,
    kernel: machine.bootFiles.kernel,
    overlayPath: host.layers.path(top),
    drivePaths: [machine.bootFiles.guestDrivePath],
    network: { namespace: slot.namespace, tapName: slot.tapName, macAddress: slot.macAddress },
    jail: { uid: slot.uid, gid: slot.gid, memoryGid: memoryGroup(host.layout.instanceId) },
    baseMemoryPath: await baseMemoryPath(host, machine),
  };
};

/** The VM is loaded and stopped when this resolves. Throws `snapshot_refused` when it must not be used. */
export const restoreMachine = async (
  host: Host,
  machine: Machine,
  slot: NetworkSlot,
  saved: SavedMemory,
  onStep?: OnStep,
): Promise<Vm> => {
  const spec = await specOf(host, machine, slot);
  try {
    return await host.runtime.restore(spec, saved, { onStep });
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
