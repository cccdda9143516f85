/** A host as the server knows it, and how its row becomes one. */
import type { Accelerator, HostStatus, HostType } from "../../db/constants.ts";
import type { HostEndpoint } from "./host-fetch.ts";

/** Ids are bare UUIDs. What the machine itself tells is null until it registered. */
export interface Host {
  id: string;
  type: HostType;
  teamId: string | null;
  name: string;
  provider: string | null;
  availabilityZone: string | null;
  arch: string | null;
  cpuCores: number | null;
  memoryMb: number | null;
  diskGb: number | null;
  freeMemoryMb: number | null;
  freeDiskMb: number | null;
  address: string | null;
  tlsCert: string | null;
  status: HostStatus;
  statusReason: string;
  reachable: boolean;
  draining: boolean;
  /** Draining, and not told yet to pause what runs on it. */
  drainPauseDue: boolean;
  lastHeartbeatAt: Date | null;
  agentVersion: string | null;
  accelerator: Accelerator | null;
  runtimeId: string | null;
  createdAt: Date;
}

export interface HostRow {
  id: string;
  type: HostType;
  team_id: string | null;
  name: string;
  provider: string | null;
  availability_zone: string | null;
  arch: string | null;
  cpu_cores: number | null;
  memory_mb: number | null;
  disk_gb: number | null;
  free_memory_mb: number | null;
  free_disk_mb: number | null;
  address: string | null;
  tls_cert: string | null;
  status: HostStatus;
  status_reason: string;
  reachable: boolean;
  draining: boolean;
  drain_pause_due: boolean;
  last_heartbeat_at: Date | null;
  agent_version: string | null;
  accelerator: Accelerator | null;
  runtime_id: string | null;
  created_at: Date;
}

export const toHost = (row: HostRow): Host => ({
  id: row.id,
  type: row.type,
  teamId: row.team_id,
  name: row.name,
  provider: row.provider,
  availabilityZone: row.availability_zone,
  arch: row.arch,
  cpuCores: row.cpu_cores,
  memoryMb: row.memory_mb,
  diskGb: row.disk_gb,
  freeMemoryMb: row.free_memory_mb,
  freeDiskMb: row.free_disk_mb,
  address: row.address,
  tlsCert: row.tls_cert,
  status: row.status,
  statusReason: row.status_reason,
  reachable: row.reachable,
  draining: row.draining,
  drainPauseDue: row.drain_pause_due,
  lastHeartbeatAt: row.last_heartbeat_at,
  agentVersion: row.agent_version,
  accelerator: row.accelerator,
  runtimeId: row.runtime_id,
  createdAt: row.created_at,
});

/** Where to call it; null before it registered. */
export const endpointOf = ({ id, address, tlsCert }: Host): HostEndpoint | null =>
  address === null ? null : { id, address, tlsCert };
