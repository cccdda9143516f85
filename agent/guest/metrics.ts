/** What the sandbox uses, from /proc and the root file system. */
import { readFileSync, statfsSync } from "node:fs";

import type { GuestMetrics } from "./protocol.ts";

const MIB = 1_024 * 1_024;

/** As E2B's clients read it: older ones look at the fields in MiB. */
interface PublishedMetrics extends GuestMetrics {
  mem_total_mib: number;
  mem_used_mib: number;
}

interface CpuTimes {
  busy: number;
  total: number;
}

/** The `cpu` line of /proc/stat, in clock ticks since boot; guest time is within user time already. */
export const parseCpuTimes = (stat: string): CpuTimes => {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = (
    stat.split("\n", 1)[0] ?? ""
  )
    .split(/\s+/)
    .slice(1)
    .map(Number);
  const busy = user + nice + system + irq + softirq + steal;
  return { busy, total: busy + idle + iowait };
};

/** A field of /proc/meminfo, in bytes. */
export const memoryField = (meminfo: string, field: string): number =>
  Number(meminfo.match(new RegExp(`^${field}:\\s+(\\d+)`, "m"))?.[1] ?? 0) * 1_024;

export class Metrics {
  #last: CpuTimes = { busy: 0, total: 0 };

  #cpuUsedPercent(): number {
    const now = parseCpuTimes(readFileSync("/proc/stat", "utf8"));
    const total = now.total - this.#last.total;
    const busy = now.busy - this.#last.busy;
    this.#last = now;
    return total <= 0 ? 0 : Math.round((busy / total) * 1_000) / 10;
  }

  read(): PublishedMetrics {
    const meminfo = readFileSync("/proc/meminfo", "utf8");
    const total = memoryField(meminfo, "MemTotal");
    const cache =
      memoryField(meminfo, "Cached") + memoryField(meminfo, "Buffers") + memoryField(meminfo, "SReclaimable");
    const used = Math.max(0, total - memoryField(meminfo, "MemAvailable"));
    const disk = statfsSync("/");
    return {
      ts: Math.floor(Date.now() / 1_000),
      cpu_count: navigator.hardwareConcurrency,
      cpu_used_pct: this.#cpuUsedPercent(),
      mem_total: total,
      mem_total_mib: Math.floor(total / MIB),
      mem_used: used,
      mem_used_mib: Math.floor(used / MIB),
      mem_cache: cache,
      disk_used: (disk.blocks - disk.bfree) * disk.bsize,
      disk_total: disk.blocks * disk.bsize,
    };
  }
}
