/** Processors, memory, disk and sandboxes of a host over time. */
import type { Host } from "../../state/hosts.ts";
import { readHostUsage } from "../../state/usage.ts";
import { formatCount, formatMb } from "../../text/format.ts";
import { formatPercent, type Measure, pointsOf, type ReadUsage } from "../usage/measure.ts";

const MB_PER_GB = 1024;

export type Machine = Pick<Host, "id" | "memory_mb" | "disk_gb">;

export const isSameMachine = (one: Machine | null | undefined, other: Machine | null): boolean =>
  one?.id === other?.id && one?.memory_mb === other?.memory_mb && one?.disk_gb === other?.disk_gb;

export const usageOfHost =
  ({ id, memory_mb: memoryMb, disk_gb: diskGb }: Machine): ReadUsage =>
  async (spanMs, signal) => {
    const series = await readHostUsage(id, spanMs, signal);
    type Sample = (typeof series.samples)[number];
    /** What is used is what is not free; of how much, the machine told when it joined. */
    const used = (label: string, mb: number | null, freeOf: (sample: Sample) => number): Measure[] => {
      if (mb === null) return [];
      const points = pointsOf(series, (one) => Math.max(0, mb - freeOf(one)));
      return [{ label, points, most: mb, format: formatMb }];
    };
    return {
      ...series,
      measures: [
        {
          label: "Processors",
          points: pointsOf(series, (one) => one.cpu_used_percent),
          most: 100,
          format: formatPercent,
        },
        ...used("Memory", memoryMb, (one) => one.free_memory_mb),
        ...used("Disk", diskGb === null ? null : diskGb * MB_PER_GB, (one) => one.free_disk_mb),
        {
          label: "Sandboxes running",
          points: pointsOf(series, (one) => one.running_sandboxes),
          most: null,
          format: formatCount,
        },
      ],
    };
  };
