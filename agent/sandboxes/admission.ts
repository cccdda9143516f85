/** Decides whether this host can take another sandbox, counting what is really used. */
import { AgentError, invalidRequest } from "../errors.ts";
import type { DiskFacts, MemoryFacts } from "../system/machine.ts";

export const MIN_MEMORY_MB = 128;
const MAX_VCPUS = 64;

export interface Size {
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
}

export interface AdmissionLimits {
  /** How many times over the free memory may be promised: a sandbox rarely touches all of its own. */
  memoryOvercommit: number;
  /** Never given to sandboxes. */
  memoryReserveMb: number;
  diskReserveMb: number;
}

export interface MachineFacts {
  cpuCores: number;
  memory: MemoryFacts;
  disk: DiskFacts;
}

/** Sizes no host of this kind could take. Throws `invalid_request`. */
export const checkSize = (size: Size, machine: MachineFacts): void => {
  const maxVcpus = Math.min(machine.cpuCores, MAX_VCPUS);
  const { vcpus, memoryMb, diskSizeMb } = size;
  if (vcpus < 1 || vcpus > maxVcpus) throw invalidRequest("vcpus", `must be 1 to ${maxVcpus}, not ${vcpus}`);
  if (memoryMb < MIN_MEMORY_MB || memoryMb > machine.memory.totalMb) {
    throw invalidRequest(
      "memory_mb",
      `must be ${MIN_MEMORY_MB} to ${machine.memory.totalMb} (this host's memory), not ${memoryMb}`,
    );
  }
  if (diskSizeMb < 1) throw invalidRequest("disk_size_mb", `must be at least 1, not ${diskSizeMb}`);
};

/** What one more VM is counted with, of its nominal memory. */
export const expectedMemoryMb = (memoryMb: number, limits: AdmissionLimits): number =>
  Math.ceil(memoryMb / limits.memoryOvercommit);

/** Throws `memory_full` or `disk_full`. `promisedMb` is what starting VMs have not taken yet. */
export const checkRoom = (
  wanted: { memoryMb: number; diskSizeMb: number },
  promisedMb: number,
  machine: MachineFacts,
  limits: AdmissionLimits,
): void => {
  const roomMb = machine.memory.availableMb - promisedMb - limits.memoryReserveMb;
  const needMb = expectedMemoryMb(wanted.memoryMb, limits);
  if (needMb > roomMb) {
    throw new AgentError(
      "memory_full",
      `this host has ${Math.max(0, roomMb)} MB of memory left for sandboxes; this one is counted with ${needMb} MB`,
    );
  }
  const diskMb = machine.disk.freeMb - limits.diskReserveMb;
  if (wanted.diskSizeMb > diskMb) {
    throw new AgentError(
      "disk_full",
      `this host has ${Math.max(0, diskMb)} MB of disk left for sandboxes; this one may need ${wanted.diskSizeMb} MB`,
    );
  }
};

/** Keeps what has been promised to VMs that are starting, until they have really taken it. */
export class Admission {
  #promisedMb = 0;

  constructor(
    readonly readMachine: () => Promise<MachineFacts>,
    readonly limits: AdmissionLimits,
  ) {}

  async checkSize(size: Size): Promise<void> {
    checkSize(size, await this.readMachine());
  }

  /** For what must keep nobody else out: promises nothing. Throws `memory_full` or `disk_full`. */
  async requireRoom(wanted: { memoryMb: number; diskSizeMb: number }): Promise<void> {
    const machine = await this.readMachine();
    checkRoom(wanted, this.#promisedMb, machine, this.limits);
  }

  /** Throws `memory_full` or `disk_full`; release the promise when the VM runs or has failed. */
  async reserve(wanted: { memoryMb: number; diskSizeMb: number }): Promise<Disposable> {
    const machine = await this.readMachine();
    checkRoom(wanted, this.#promisedMb, machine, this.limits);
    const promisedMb = expectedMemoryMb(wanted.memoryMb, this.limits);
    this.#promisedMb += promisedMb;
    return {
      [Symbol.dispose]: () => {
        this.#promisedMb -= promisedMb;
      },
    };
  }
}
