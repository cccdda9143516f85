/** SQL that changes a sandbox's status: always compare-and-set, never blind. */
import type { SandboxStatus } from "../../db/constants.ts";
import type { Queryable, Tx } from "../../db/sql.ts";
import { type Sandbox, type SandboxRow, toSandbox } from "./sandbox.ts";
import { TRANSITIONS } from "./status.ts";

export interface StatusChange {
  id: string;
  from: readonly SandboxStatus[];
  to: SandboxStatus;
  reason: string;
  /** Set where the step decides it. */
  memoryKept?: boolean;
  timeoutSec?: number;
  expiresAt?: Date | null;
  lastActiveAt?: Date | null;
  /** The change comes from something older than the row: it must not win over a newer row. */
  unchangedSince?: Date;
  /** The change comes from this host, which must still own the sandbox. */
  hostId?: string;
}

const runs = (status: SandboxStatus): boolean => status === "running" || status === "pausing";

/**
 * The row after the change, or null when it was not in one of `from` (or newer, or elsewhere).
 * Sets what follows from the new status: `started_at` and `paused_at`, and no expiry while nothing runs.
 */
export const changeStatus = async (
  sql: Queryable,
  { id, from, to, reason, ...rest }: StatusChange,
): Promise<Sandbox | null> => {
  const { memoryKept, timeoutSec, expiresAt, lastActiveAt, unchangedSince, hostId } = rest;
  const [row] = await sql<SandboxRow[]>`
    update sandboxes set
      status = ${to},
      status_reason = ${reason},
      updated_at = clock_timestamp(),
      ${memoryKept === undefined ? sql`` : sql`memory_kept = ${memoryKept},`}
      ${timeoutSec === undefined ? sql`` : sql`timeout_sec = ${timeoutSec},`}
      ${lastActiveAt === undefined ? sql`` : sql`last_active_at = ${lastActiveAt},`}
      ${to === "running" ? sql`started_at = coalesce(started_at, now()), paused_at = null,` : sql``}
      ${to === "paused" ? sql`paused_at = coalesce(paused_at, now()),` : sql``}
      expires_at = ${runs(to) ? (expiresAt === undefined ? sql`expires_at` : expiresAt) : null}
    where id = ${id} and status = any(${[...from]})
      ${unchangedSince === undefined ? sql`` : sql`and updated_at < ${unchangedSince}`}
      ${hostId === undefined ? sql`` : sql`and host_id = ${hostId}`}
    returning *`;
  return row ? toSandbox(row) : null;
};

/** Everything that ran on a host that fell silent. Rows are taken by their ids, as all do who take several. */
export const markMissing = async (
  tx: Tx,
  { hostId, reason }: { hostId: string; reason: string },
): Promise<{ id: string; teamId: string }[]> => {
  const { from, to } = TRANSITIONS.missed;
  return tx<{ id: string; teamId: string }[]>`
    with lost as (
      select id from sandboxes where host_id = ${hostId} and status = any(${[...from]})
      order by id for no key update
    )
    update sandboxes s set status = ${to}, status_reason = ${reason}, expires_at = null,
      updated_at = clock_timestamp()
    from lost where s.id = lost.id
    returning s.id, s.team_id as "teamId"`;
};

/** Says why the sandbox is still in this status; false when it has left it. */
export const explainStatus = async (
  sql: Queryable,
  { id, status, reason }: { id: string; status: SandboxStatus; reason: string },
): Promise<boolean> => {
  const rows = await sql`
    update sandboxes set status_reason = ${reason}, updated_at = clock_timestamp()
    where id = ${id} and status = ${status} returning id`;
  return rows.length === 1;
};

/** The status of a sandbox now, for the answer to a request that came too late. */
export const statusOf = async (sql: Queryable, id: string): Promise<SandboxStatus | null> => {
  const [row] = await sql<{ status: SandboxStatus }[]>`
    select status from sandboxes where id = ${id}`;
  return row?.status ?? null;
};
