/** Sandboxes written straight into the database: what no API can make on request. */
import type { SandboxStatus } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import {
  formatSandboxId,
  newId,
  parseHostId,
  parseSandboxId,
  parseTeamId,
  ZERO_UUID,
} from "../../proto/ids.ts";

/** For a row that is to come: a host that has the sandbox must say so before there is a row. */
export const newSandboxId = (): string => formatSandboxId(newId());

export interface SandboxRows {
  /** Prefixed, as all ids here. */
  ids: readonly string[];
  teamId: string;
  hostId: string;
  status: SandboxStatus;
  /** How long the status has been so. @default {3600} */
  ageSec?: number;
}

/** Sandboxes of `minimal`. */
export const insertSandboxRows = async (
  sql: Sql,
  { ids, teamId, hostId, status, ageSec = 3600 }: SandboxRows,
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
