/** A host as the API shows it. */
import { type Static, t } from "elysia";

import { ACCELERATORS, HOST_STATUSES, HOST_TYPES } from "../../db/constants.ts";
import { formatHostId, formatTeamId } from "../../proto/ids.ts";
import { integer, nullable, Timestamp, wordOf } from "../http/schemas.ts";
import type { Host } from "./host.ts";

const fields = {
  id: t.String({ examples: ["host-01990000-0000-7000-8000-000000000000"] }),
  name: t.String(),
  type: wordOf(HOST_TYPES),
  team_id: nullable(t.String({ description: "The team it belongs to; null for the platform's" })),
  provider: nullable(t.String()),
  availability_zone: nullable(t.String()),
  status: wordOf(HOST_STATUSES),
  status_reason: t.String({ description: "Empty when there is nothing to say" }),
  reachable: t.Boolean({ description: "The server's own calls get through; without, nothing is put on it" }),
  draining: t.Boolean({ description: "It takes no new sandboxes" }),
  address: nullable(t.String()),
  arch: nullable(t.String()),
  cpu_cores: nullable(integer()),
  memory_mb: nullable(integer()),
  disk_gb: nullable(integer()),
  free_memory_mb: nullable(integer()),
  free_disk_mb: nullable(integer()),
  accelerator: nullable(wordOf(ACCELERATORS)),
  agent_version: nullable(t.String()),
  runtime_id: nullable(t.String({ description: "Snapshots load on hosts with an equal one" })),
  last_heartbeat_at: nullable(Timestamp),
  created_at: Timestamp,
};

export const HostModel = t.Object(fields, { title: "Host" });

export const WorkModel = t.Object({
  kind: t.String({ examples: ["template_build"] }),
  subject: t.String({ examples: ["minimal"] }),
  step: t.String(),
  progress: t.Number({ description: "0 to 1" }),
  error: t.String({ description: "Empty while it goes well" }),
});

export const SandboxCountsModel = t.Object(
  {
    running: integer({ description: "Also those that are just being made, paused or resumed" }),
    paused: integer(),
    missing: integer({ description: "Their host fell silent; what it says when it is back decides" }),
  },
  { title: "HostSandboxes" },
);

/** A host and what is on it. */
export const OccupiedHostModel = t.Object(
  { ...fields, sandboxes: SandboxCountsModel },
  { title: "OccupiedHost" },
);

/** One host, with what its agent says now. */
export const HostDetailModel = t.Object(
  {
    ...fields,
    sandboxes: SandboxCountsModel,
    work: t.Array(WorkModel, { description: "What is slow and under way on it" }),
    templates: t.Array(t.String(), { description: "Names of the templates it holds whole" }),
    quarantined: t.Array(t.String(), {
      description:
        "Sandboxes on it that the database does not know: paused and kept. Platform admins see them.",
    }),
  },
  { title: "HostDetail" },
);

export const presentHost = (host: Host): Static<typeof HostModel> => ({
  id: formatHostId(host.id),
  name: host.name,
  type: host.type,
  team_id: host.teamId === null ? null : formatTeamId(host.teamId),
  provider: host.provider,
  availability_zone: host.availabilityZone,
  status: host.status,
  status_reason: host.statusReason,
  reachable: host.reachable,
  draining: host.draining,
  address: host.address,
  arch: host.arch,
  cpu_cores: host.cpuCores,
  memory_mb: host.memoryMb,
  disk_gb: host.diskGb,
  free_memory_mb: host.freeMemoryMb,
  free_disk_mb: host.freeDiskMb,
  accelerator: host.accelerator,
  agent_version: host.agentVersion,
  runtime_id: host.runtimeId,
  last_heartbeat_at: host.lastHeartbeatAt?.toISOString() ?? null,
  created_at: host.createdAt.toISOString(),
});
