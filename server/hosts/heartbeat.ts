/** A host's beat: it is there, how much room it has, and what it did to its sandboxes by itself. */
import type { Sql, Tx } from "../../db/sql.ts";
import { hostEvents } from "../audit/host-events.ts";
import { record } from "../audit/record.ts";
import { unauthorized } from "../errors.ts";
import type { Settings } from "../settings.ts";
import { checkAddress, type Reach } from "./address.ts";
import { hostDeleted } from "./deletion.ts";
import { type Beat, type BeforeBeat, isDeleted, recordBeat } from "./heartbeat-store.ts";
import { applyOutcome } from "./outcomes.ts";
import { findHosted } from "./reconcile-store.ts";
import { type HostReport, reconcile } from "./reconcile.ts";
import { lockHost } from "./store.ts";

/** Something an agent did by itself. */
export interface HostChange {
  seq: number;
  /** Bare UUID. */
  sandboxId: string;
  report: HostReport;
  /** By the host's clock. */
  at: Date;
}

export interface HeartbeatDeps {
  sql: Sql;
  settings: Pick<Settings, "callKey" | "instanceId">;
  config: Reach;
  /** Reconciles the host now: only asking it settles what a change alone does not. */
  nudge: (hostId: string) => void;
}

/**
 * The beat of a host that moved, or was not online: it comes back, in the audit trail too.
 * @throws ApiError 400 for an address it must not have.
 */
const comeBack = ({ sql, config }: HeartbeatDeps, beat: Beat): Promise<BeforeBeat | null> =>
  sql.begin(async (tx: Tx) => {
    const host = await lockHost(tx, beat.hostId);
    if (!host) return null;
    checkAddress({ ...host, address: beat.address }, config);
    const before = await recordBeat(tx, beat, "any");
    if (before?.status === "unreachable") {
      await record(tx, hostEvents.markedUp({ teamId: before.teamId, hostId: beat.hostId }));
    }
    return before;
  });

/**
 * Applies changes in order. A change is a report made at its own time: a row changed since, or one whose
 * operation is under way, is left to the reconcile.
 * @returns false when something was left.
 */
const applyChanges = async (sql: Sql, hostId: string, changes: HostChange[]): Promise<boolean> => {
  let all = true;
  for (const { sandboxId, report, at } of changes.toSorted((a, b) => a.seq - b.seq)) {
    const row = await findHosted(sql, { id: sandboxId, hostId });
    // A clock that runs ahead must not make old news newer than everything.
    const reportedAt = new Date(Math.min(at.getTime(), Date.now()));
    const decision = row ? reconcile(row, report, reportedAt) : null;
    if (row && decision?.action === "set") {
      all = (await applyOutcome(sql, row, { decision, reportedAt, hostId })) && all;
    } else {
      all = false;
    }
  }
  return all;
};

/**
 * One query when nothing changed.
 * @returns the highest change applied or found settled; null when there were none.
 * @throws ApiError 400 for an address it must not have, 410 `host_deleted` with the signed statement, 401 for a host that never was.
 */
export const heartbeat = async (
  deps: HeartbeatDeps,
  beat: Beat,
  changes: HostChange[],
): Promise<number | null> => {
  const { sql, nudge } = deps;
  const before = (await recordBeat(sql, beat, "settled")) ?? (await comeBack(deps, beat));
  if (!before) {
    if (await isDeleted(sql, beat.hostId)) throw await hostDeleted(deps.settings, beat.hostId);
    throw unauthorized("The server does not know this host.");
  }
  const settled = await applyChanges(sql, beat.hostId, changes);
  const returned = before.status !== "online" || !before.reachable || before.address !== beat.address;
  if (!settled || returned) nudge(beat.hostId);
  return changes.length === 0 ? null : Math.max(...changes.map(({ seq }) => seq));
};
