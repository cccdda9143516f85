/** Processors, memory and disk of a sandbox over time. */
import { readSandboxUsage } from "../../state/usage.ts";
import { formatBytes } from "../../text/format.ts";
import { formatPercent, pointsOf, type ReadUsage } from "../usage/measure.ts";

export const usageOfSandbox =
  (id: string): ReadUsage =>
  async (spanMs, signal) => {
    const series = await readSandboxUsage(id, spanMs, signal);
    const last = series.samples.at(-1);
    return {
      ...series,
      measures: [
        {
          label: "Processors",
          points: pointsOf(series, (one) => one.cpu_used_percent),
          most: 100,
          format: formatPercent,
        },
        {
          label: "Memory",
          points: pointsOf(series, (one) => one.memory_used_bytes),
          most: last?.memory_total_bytes ?? null,
          format: formatBytes,
        },
        {
          label: "Disk",
          points: pointsOf(series, (one) => one.disk_used_bytes),
          most: last?.disk_total_bytes ?? null,
          format: formatBytes,
        },
      ],
    };
  };
