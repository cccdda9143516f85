/** What all sandboxes of the team use together, over time. */
import { readTeamUsage } from "../../state/usage.ts";
import { formatBytes, formatCount } from "../../text/format.ts";
import { formatShare, pointsOf, type ReadUsage } from "../usage/measure.ts";

export const usageOfTeam: ReadUsage = async (spanMs, signal) => {
  const series = await readTeamUsage(spanMs, signal);
  return {
    ...series,
    measures: [
      {
        label: "Sandboxes running",
        points: pointsOf(series, (one) => one.running_sandboxes),
        most: null,
        format: formatCount,
      },
      {
        label: "Processors",
        points: pointsOf(series, (one) => one.cpu_used),
        most: null,
        format: (value) => `${formatShare(value)} CPUs`,
      },
      {
        label: "Memory",
        points: pointsOf(series, (one) => one.memory_used_bytes),
        most: null,
        format: formatBytes,
      },
      {
        label: "Disk",
        points: pointsOf(series, (one) => one.disk_used_bytes),
        most: null,
        format: formatBytes,
      },
    ],
  };
};
