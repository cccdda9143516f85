/** What the process of a machine is started with, before its disk and its guest. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

import { AgentError } from "../errors.ts";
import type { BootFiles } from "../images/images.ts";
import type { NetworkSlot } from "../net/slots.ts";
import { memoryGroup } from "../system/instance-ids.ts";
import type { VmShape } from "../vm/runtime.ts";
import type { Host } from "./host.ts";
import type { BaseMemory } from "./journal.ts";

export interface MachineShape {
  /** Names the process. */
  sandboxId: string;
  vcpus: number;
  memoryMb: number;
  base: BaseMemory;
  bootFiles: BootFiles;
  /** @default the one in the sandbox's directory */
  vmDirectory?: string;
}

const baseMemoryPath = async (host: Host, { base, memoryMb }: MachineShape): Promise<string> => {
  if (base.kind === "zero") return host.images.zeroMemoryPath(memoryMb);
  const template = await host.templates.open(base.key);
  if (template === null) {
    throw new AgentError("template_not_found", "the template this sandbox's memory depends on is not here");
  }
  return template.baseMemoryPath;
};

/** Throws `template_not_found`. */
export const shapeOf = async (host: Host, machine: MachineShape, slot: NetworkSlot): Promise<VmShape> => {
  const { sandboxId, vcpus, memoryMb, bootFiles } = machine;
  const directory = machine.vmDirectory ?? host.layout.sandboxVmDirectory(sandboxId);
  await mkdir(dirname(directory), { recursive: true, mode: 0o711 });
  return {
    name: `wrenn-${sandboxId}`,
    directory,
    vcpus,
    memoryMb,
    drivePaths: [bootFiles.guestDrivePath],
    network: { namespace: slot.namespace, tapName: slot.tapName, macAddress: slot.macAddress },
    jail: { uid: slot.uid, gid: slot.gid, memoryGid: memoryGroup(host.layout.instanceId) },
    baseMemoryPath: await baseMemoryPath(host, machine),
  };
};
