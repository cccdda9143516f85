/** Sandboxes written straight into the database: what no API can make on request. */
import type { SandboxStatus } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import {
  formatSandboxId,
  newId,
  parseHostId,
  parseSandboxId,
  parseTeamId,
  ZERO_UUID,
} from "../../proto/ids.ts";
import type { StandInHost } from "./stand-in-host.ts";

/** For a row that is to come: a host that has the sandbox must say so before there is a row. */
export const newSandboxId = (): string => formatSandboxId(newId());

export interface SandboxRows {
  /** Prefixed, as all ids here. */
  ids: readonly string[];
  teamId: string;
  hostId: string;
  status: SandboxStatus;
  /**
   * How long the status has been so. With any but the default, a round of the reconcile that is under way may
   * have asked the host before it had them. @default {0}
   */
  ageSec?: number;
}

/** Sandboxes of `minimal`. The host must have them already, busy: what it has without a row is quarantined. */
export const insertSandboxRows = async (
  sql: Sql,
  { ids, teamId, hostId, status, ageSec = 0 }: SandboxRows,
): Promise<void> => {
  const rows = ids.map((id) => ({
    id: parseSandboxId(id),
    team_id: parseTeamId(teamId),
    host_id: parseHostId(hostId),
    template_id: ZERO_UUID,
    template_name: "minimal",
    status,
    memory_kept: status === "paused",
    vcpus: 1,
    memory_mb: 512,
    disk_size_mb: 5120,
    updated_at: new Date(Date.now() - ageSec * 1000),
  }));
  await sql`insert into sandboxes ${sql(rows)}`;
};

/**
 * Running sandboxes that the host holds too, so that the reconcile leaves them alone however long a test takes.
 * A host lists 5000 at most.
 * @returns their ids
 */
export const insertHeldSandboxes = async (
  sql: Sql,
  host: StandInHost,
  { count, teamId }: { count: number; teamId: string },
): Promise<string[]> => {
  const ids = Array.from({ length: count }, newSandboxId);
  for (const id of ids) host.set(id, { status: HostSays.BUSY });
  await insertSandboxRows(sql, { ids, teamId, hostId: host.id, status: "running" });
  for (const id of ids) host.set(id, { status: HostSays.RUNNING });
  return ids;
};
