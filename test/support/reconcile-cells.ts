/**
 * What becomes of every cell of the reconcile's table, told once for hosts that only say so and for real ones:
 * the row, what the host has afterwards, and the audit rows that were written.
 */
import type { SandboxStatus } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { parseSandboxId } from "../../proto/ids.ts";

/** What a host says of a sandbox; `died`: paused, and its memory is lost. */
export const REPORTS = ["running", "paused", "died", "busy", "ended", "absent"] as const;
export type Report = (typeof REPORTS)[number];

/** With which the host paused or ended it by itself. */
export const REASONS: Partial<Record<Report, string>> = {
  paused: "timeout",
  died: "vm_died",
  ended: "timeout",
};

/** What the host has of it. */
export type Left = "running" | "paused" | "busy" | "ended" | "nothing";

/** Of which it says so. */
export const HAS: Record<Report, Left> = {
  running: "running",
  paused: "paused",
  died: "paused",
  busy: "busy",
  ended: "ended",
  absent: "nothing",
};

export interface Cell {
  /** `status reason`. */
  row: string;
  host: Left;
  /** `action status` of each, oldest first. */
  audit: string[];
}

export const cell = (row: string, host: Left, ...audit: string[]): Cell => ({ row, host, audit });

const PAUSED = cell("paused timeout", "paused", "pause info");
const DIED = cell("paused vm_died without memory", "paused", "crashed error");
const LOST = cell("stopped lost_on_host", "nothing", "lost error");
// A row that became final just now keeps its grace; then the host may forget the end.
const ENDED = cell("stopped timeout", "ended", "destroy info");

export const TABLE: Record<SandboxStatus, Record<Report, Cell>> = {
  pending: {
    running: cell("running", "running"),
    paused: PAUSED,
    died: DIED,
    busy: cell("pending", "busy"),
    ended: cell("error timeout", "ended", "create error"),
    absent: cell("error create_lost", "nothing", "create error"),
  },
  running: {
    running: cell("running", "running"),
    paused: PAUSED,
    died: DIED,
    busy: cell("running", "busy"),
    ended: ENDED,
    absent: LOST,
  },
  missing: {
    running: cell("running", "running", "returned success"),
    paused: PAUSED,
    died: DIED,
    busy: cell("missing", "busy"),
    ended: ENDED,
    absent: LOST,
  },
  pausing: {
    running: cell("running", "running"),
    paused: PAUSED,
    died: DIED,
    busy: cell("pausing", "busy"),
    ended: ENDED,
    absent: LOST,
  },
  resuming: {
    running: cell("running", "running", "resume success"),
    // It was paused before: nothing happened that is worth telling.
    paused: cell("paused timeout", "paused"),
    died: DIED,
    busy: cell("resuming", "busy"),
    ended: ENDED,
    absent: LOST,
  },
  paused: {
    running: cell("running", "running", "resume success"),
    paused: cell("paused", "paused"),
    // Why it was paused is known already.
    died: cell("paused without memory", "paused"),
    busy: cell("paused", "busy"),
    ended: ENDED,
    absent: LOST,
  },
  stopped: {
    running: cell("stopped", "nothing"),
    paused: cell("stopped", "nothing"),
    died: cell("stopped", "nothing"),
    busy: cell("stopped", "busy"),
    ended: cell("stopped", "nothing"),
    absent: cell("stopped", "nothing"),
  },
  error: {
    running: cell("error", "nothing"),
    paused: cell("error", "nothing"),
    died: cell("error", "nothing"),
    busy: cell("error", "busy"),
    ended: cell("error", "nothing"),
    absent: cell("error", "nothing"),
  },
};

/** Without a row: what the host has when it was told what to do with it. */
export const STRANGERS: Record<Exclude<Report, "absent">, Left> = {
  running: "paused",
  paused: "paused",
  died: "paused",
  busy: "busy",
  ended: "nothing",
};

/** Statuses that an operation may be behind: left alone for a while. */
export const GRACED = ["pending", "pausing", "resuming", "stopped", "error"] as const;

/** As in `Cell.row`; `none` without one. */
export const rowOf = async (sql: Sql, id: string): Promise<string> => {
  const [row] = await sql<{ status: string; status_reason: string; memory_kept: boolean }[]>`
    select status, status_reason, memory_kept from sandboxes where id = ${parseSandboxId(id)}`;
  if (row === undefined) return "none";
  const memory = row.status === "paused" && !row.memory_kept ? "without memory" : "";
  return [row.status, row.status_reason, memory].filter((word) => word !== "").join(" ");
};

/** As in `Cell.audit`, from the beginning. */
export const auditOf = async (sql: Sql, id: string): Promise<string[]> => {
  const rows = await sql<{ action: string; status: string }[]>`
    select action, status from audit_logs where resource_id = ${id} order by created_at, seq`;
  return rows.map(({ action, status }) => `${action} ${status}`);
};

/** Nobody is at these rows any more: they are older than every grace. */
export const ageRows = async (sql: Sql, ids: readonly string[]): Promise<void> => {
  await sql`
    update sandboxes set updated_at = updated_at - interval '1 hour'
    where id = any(${ids.map((id) => parseSandboxId(id) ?? "")})`;
};
