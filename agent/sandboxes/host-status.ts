/** What the host says of itself: to the server's questions, and in heartbeats. */
import { readDisk, readMemory } from "../system/machine.ts";
import type { Host } from "./host.ts";
import type { Work } from "./work.ts";

export interface HostStatus {
  freeMemoryMb: number;
  freeDiskMb: number;
  running: number;
  paused: number;
  draining: boolean;
  accelerator: "kvm" | "emulated";
  runtimeId: string;
  agentVersion: string;
  work: Work[];
  /** Machines made ahead that wait for a create. */
  readySpares: number;
  readyStandbys: number;
}

export const readHostStatus = async (host: Host): Promise<HostStatus> => {
  const [memory, disk] = await Promise.all([readMemory(), readDisk(host.layout.root)]);
  const states = [...host.sandboxes.values()].map(({ journal }) => journal?.state);
  return {
    freeMemoryMb: memory.availableMb,
    freeDiskMb: disk.freeMb,
    running: states.filter((state) => state === "running").length,
    paused: states.filter((state) => state === "paused").length,
    draining: host.draining,
    accelerator: host.runtime.accelerator,
    runtimeId: host.runtime.runtimeId,
    agentVersion: host.settings.agentVersion,
    work: host.work.list(),
    readySpares: host.spares.count,
    readyStandbys: host.standbys.count,
  };
};
