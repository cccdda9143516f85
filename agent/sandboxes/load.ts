/**
 * What one running sandbox uses, noted at intervals without waking it: its processor time is that of its VM's
 * process, and what only the guest knows is asked when it did something since it was asked last.
 */
import type { GuestMetrics } from "../guest/protocol.ts";

/**
 * Processor time from one question to the next. A question costs an emulated guest some 50 ms itself, and the clock
 * of an idle one a few ms a second: those that do nothing are asked every few minutes.
 */
const ASK_AFTER_CPU_MS = 500;

export interface SandboxSample {
  sandboxId: string;
  /** Of all its CPUs together. */
  cpuUsedPercent: number;
  cpuCount: number;
  memoryUsedBytes: number;
  memoryTotalBytes: number;
  memoryCacheBytes: number;
  diskUsedBytes: number;
  diskTotalBytes: number;
}

interface CpuPoint {
  pid: number;
  cpuMs: number;
  /** Monotonic. */
  atMs: number;
}

export class SandboxLoad {
  #last: CpuPoint | null = null;
  /** Processor time when the guest had answered. */
  #askedAtCpuMs: number | null = null;
  #guest: GuestMetrics | null = null;

  /** Percent since the look before; null at the first one of a process. */
  note(point: CpuPoint, vcpus: number): number | null {
    const last = this.#last;
    this.#last = point;
    if (last === null || last.pid !== point.pid) {
      // Another process: a resume. What the guest said before its pause is old.
      this.#askedAtCpuMs = null;
      return null;
    }
    const elapsedMs = point.atMs - last.atMs;
    if (elapsedMs <= 0) return null;
    const percent = ((point.cpuMs - last.cpuMs) / (elapsedMs * vcpus)) * 100;
    // The process's own threads come on top of the guest's.
    return Math.min(100, Math.max(0, Math.round(percent * 10) / 10));
  }

  /** The guest is worth a question. */
  get isDue(): boolean {
    const cpuMs = this.#last?.cpuMs ?? 0;
    return this.#askedAtCpuMs === null || cpuMs - this.#askedAtCpuMs >= ASK_AFTER_CPU_MS;
  }

  /** @param cpuMs what the process had used when the answer came. */
  answered(guest: GuestMetrics | null, cpuMs: number | null): void {
    // One that does not answer is not asked all the time either.
    this.#askedAtCpuMs = cpuMs;
    if (guest !== null) this.#guest = guest;
  }

  /** Null before the guest ever answered. */
  toSample(sandboxId: string, cpuUsedPercent: number): SandboxSample | null {
    const guest = this.#guest;
    if (guest === null) return null;
    return {
      sandboxId,
      cpuUsedPercent,
      cpuCount: guest.cpu_count,
      memoryUsedBytes: guest.mem_used,
      memoryTotalBytes: guest.mem_total,
      memoryCacheBytes: guest.mem_cache,
      diskUsedBytes: guest.disk_used,
      diskTotalBytes: guest.disk_total,
    };
  }
}
