/** Samples and totals as the API shows them. */
import { type Static, t } from "elysia";

import { integer, nullable, Timestamp } from "../http/schemas.ts";
import { LIVE_STATUSES } from "../sandboxes/status.ts";
import type { SandboxSample } from "./sample.ts";
import type { readHostSeries, TeamSample, TeamTotals } from "./store.ts";

const Bytes = integer({ description: "Bytes" });

export const SampleModel = t.Object(
  {
    at: Timestamp,
    cpu_count: integer(),
    cpu_used_percent: t.Number({ description: "Of all its CPUs together, since the sample before" }),
    memory_used_bytes: Bytes,
    memory_total_bytes: Bytes,
    memory_cache_bytes: Bytes,
    disk_used_bytes: Bytes,
    disk_total_bytes: Bytes,
  },
  { title: "SandboxSample" },
);

export const presentSample = (sample: SandboxSample): Static<typeof SampleModel> => ({
  at: sample.at.toISOString(),
  cpu_count: sample.cpuCount,
  cpu_used_percent: sample.cpuUsedPercent,
  memory_used_bytes: sample.memoryUsedBytes,
  memory_total_bytes: sample.memoryTotalBytes,
  memory_cache_bytes: sample.memoryCacheBytes,
  disk_used_bytes: sample.diskUsedBytes,
  disk_total_bytes: sample.diskTotalBytes,
});

/** Of a span of time: oldest first, the mean of each step; steps without samples are left out. */
export const seriesOf = <Item extends ReturnType<typeof t.Object>>(item: Item) =>
  t.Object({ step_sec: integer({ description: "Seconds from one item to the next" }), items: t.Array(item) });

export const HostSampleModel = t.Object(
  {
    at: Timestamp,
    cpu_used_percent: t.Number({ description: "Of all the machine's CPUs together" }),
    free_memory_mb: integer(),
    free_disk_mb: integer(),
    running_sandboxes: integer(),
  },
  { title: "HostSample" },
);

type HostPoint = Awaited<ReturnType<typeof readHostSeries>>[number];

export const presentHostSample = (sample: HostPoint): Static<typeof HostSampleModel> => ({
  at: sample.at.toISOString(),
  cpu_used_percent: sample.cpuUsedPercent,
  free_memory_mb: sample.freeMemoryMb,
  free_disk_mb: sample.freeDiskMb,
  running_sandboxes: sample.runningSandboxes,
});

const used = {
  cpu_used: t.Number({ description: "Whole CPUs" }),
  memory_used_bytes: Bytes,
  disk_used_bytes: Bytes,
};

export const TeamSampleModel = t.Object(
  {
    at: Timestamp,
    running_sandboxes: integer(),
    paused_sandboxes: integer(),
    vcpus: integer({ description: "Of its live sandboxes, running or not" }),
    memory_mb: integer({ description: "Of its live sandboxes, running or not" }),
    ...used,
  },
  { title: "TeamSample" },
);

export const presentTeamSample = (sample: TeamSample): Static<typeof TeamSampleModel> => ({
  at: sample.at.toISOString(),
  running_sandboxes: sample.runningSandboxes,
  paused_sandboxes: sample.pausedSandboxes,
  vcpus: sample.vcpus,
  memory_mb: sample.memoryMb,
  cpu_used: sample.cpuUsed,
  memory_used_bytes: sample.memoryUsedBytes,
  disk_used_bytes: sample.diskUsedBytes,
});

export const StatsModel = t.Object(
  {
    counts: t.Record(t.String(), integer(), {
      description: `Live sandboxes by status: ${LIVE_STATUSES.join(", ")}`,
    }),
    vcpus: integer({ description: "Of its live sandboxes, running or not" }),
    memory_mb: integer({ description: "Of its live sandboxes, running or not" }),
    paused_disk_mb: integer({ description: "Disks of paused sandboxes at their nominal size" }),
    used: nullable(
      t.Object(used, { description: "By its running sandboxes, as last sampled; null while nothing is" }),
    ),
    history: nullable(seriesOf(TeamSampleModel)),
  },
  { title: "SandboxStats" },
);

export const presentTotals = ({ counts, vcpus, memoryMb, pausedDiskMb, used: now }: TeamTotals) => ({
  counts: Object.fromEntries(LIVE_STATUSES.map((status) => [status, counts[status] ?? 0])),
  vcpus,
  memory_mb: memoryMb,
  paused_disk_mb: pausedDiskMb,
  used: now && {
    cpu_used: now.cpuUsed,
    memory_used_bytes: now.memoryUsedBytes,
    disk_used_bytes: now.diskUsedBytes,
  },
});
