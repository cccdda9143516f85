/** A sandbox as the server knows it, and how its row becomes one. */
import type { SandboxStatus, TimeoutAction, TimeoutKind } from "../../db/constants.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";

/** Egress rules as kept in `sandboxes.network`. */
export interface Network {
  allow_internet?: boolean;
  allow_cidrs?: string[];
  deny_cidrs?: string[];
  /** Names that may be reached though all else is denied; `*.example.com` stands for those below it. */
  allow_domains?: string[];
}

/** Ids are bare UUIDs. */
export interface Sandbox {
  id: string;
  teamId: string;
  /** Null only while no host has been chosen, or when none could be. */
  hostId: string | null;
  templateId: string;
  templateName: string;
  status: SandboxStatus;
  /** `deleted`, `timeout`, `lost_on_host`, … Empty for an ordinary running one. */
  statusReason: string;
  vcpus: number;
  memoryMb: number;
  diskSizeMb: number;
  timeoutKind: TimeoutKind;
  /** 0 = never. */
  timeoutSec: number;
  onTimeout: TimeoutAction;
  /** Of a pause by timeout: otherwise the disk alone is kept. */
  keepMemoryOnTimeout: boolean;
  /** When the timeout is due as last heard from the host; null = never, or not running. */
  expiresAt: Date | null;
  autoResume: boolean;
  memoryKept: boolean;
  network: Network;
  publicPorts: boolean;
  metadata: Record<string, string>;
  startedAt: Date | null;
  lastActiveAt: Date | null;
  pausedAt: Date | null;
  createdBy: string | null;
  createdAt: Date;
  updatedAt: Date;
}

/** A sandbox with where it lives; `endpoint` is null while it has no host, or its host no address. */
export interface PlacedSandbox extends Sandbox {
  endpoint: HostEndpoint | null;
}

export interface SandboxRow {
  id: string;
  team_id: string;
  host_id: string | null;
  template_id: string;
  template_name: string;
  status: SandboxStatus;
  status_reason: string;
  vcpus: number;
  memory_mb: number;
  disk_size_mb: number;
  timeout_kind: TimeoutKind;
  timeout_sec: number;
  on_timeout: TimeoutAction;
  keep_memory_on_timeout: boolean;
  expires_at: Date | null;
  auto_resume: boolean;
  memory_kept: boolean;
  network: Network;
  public_ports: boolean;
  metadata: Record<string, string>;
  started_at: Date | null;
  last_active_at: Date | null;
  paused_at: Date | null;
  created_by: string | null;
  created_at: Date;
  updated_at: Date;
}

/** What lists show: all that the API tells of a sandbox, without what only the server needs. */
export type ListedSandbox = Omit<
  Sandbox,
  "teamId" | "timeoutKind" | "keepMemoryOnTimeout" | "publicPorts" | "createdBy" | "updatedAt"
>;

export type ListedRow = Omit<
  SandboxRow,
  "team_id" | "timeout_kind" | "keep_memory_on_timeout" | "public_ports" | "created_by" | "updated_at"
>;

export const toListed = (row: ListedRow): ListedSandbox => ({
  id: row.id,
  hostId: row.host_id,
  templateId: row.template_id,
  templateName: row.template_name,
  status: row.status,
  statusReason: row.status_reason,
  vcpus: row.vcpus,
  memoryMb: row.memory_mb,
  diskSizeMb: row.disk_size_mb,
  timeoutSec: row.timeout_sec,
  onTimeout: row.on_timeout,
  expiresAt: row.expires_at,
  autoResume: row.auto_resume,
  memoryKept: row.memory_kept,
  network: row.network,
  metadata: row.metadata,
  startedAt: row.started_at,
  lastActiveAt: row.last_active_at,
  pausedAt: row.paused_at,
  createdAt: row.created_at,
});

export const toSandbox = (row: SandboxRow): Sandbox => ({
  ...toListed(row),
  teamId: row.team_id,
  timeoutKind: row.timeout_kind,
  keepMemoryOnTimeout: row.keep_memory_on_timeout,
  publicPorts: row.public_ports,
  createdBy: row.created_by,
  updatedAt: row.updated_at,
});
