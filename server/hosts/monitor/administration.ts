/** What platform admins see of the monitor, and decide about a hold; on whichever server they ask. */
import type { HoldEnd } from "../../../db/constants.ts";
import type { Sql, Tx } from "../../../db/sql.ts";
import type { UserCaller } from "../../auth/context.ts";
import { adminOnly, conflict } from "../../errors.ts";
import type { Log } from "../../log.ts";
import { keepAdmin } from "../../users/administration-store.ts";
import { nameHosts } from "../store.ts";
import { endHold, findLastHold, findOpenHold } from "./holds-store.ts";
import { LONGEST_HOLD } from "./staleness.ts";
import { readMonitor } from "./state-store.ts";

export interface MonitorView {
  /** Null while nobody leads. */
  leader: { name: string; since: Date; lastRoundAt: Date; lastRoundMs: number } | null;
  hold: { begunAt: Date; endsAt: Date; hosts: { id: string; name: string }[] } | null;
  lastHold: { begunAt: Date; endedAt: Date; end: HoldEnd } | null;
}

export const viewMonitor = async ({
  sql,
  config,
}: {
  sql: Sql;
  config: { staleMs: number };
}): Promise<MonitorView> => {
  const [state, open, last] = await Promise.all([readMonitor(sql), findOpenHold(sql), findLastHold(sql)]);
  const leader = state?.isLed
    ? {
        name: state.leader,
        since: state.leadingSince,
        lastRoundAt: state.lastRoundAt,
        lastRoundMs: state.lastRoundMs,
      }
    : null;
  const hold = open && {
    begunAt: open.begunAt,
    endsAt: new Date(open.begunAt.getTime() + config.staleMs * LONGEST_HOLD),
    hosts: await nameHosts(sql, open.hostIds),
  };
  const lastHold =
    last?.endedAt && last.end ? { begunAt: last.begunAt, endedAt: last.endedAt, end: last.end } : null;
  return { leader, hold, lastHold };
};

/** Lets the leader mark the silent hosts lost. @throws ApiError 409 `not_holding`. */
export const releaseHold = async (
  { sql, log }: { sql: Sql; log: Log },
  { userId, email }: Pick<UserCaller, "userId" | "email">,
): Promise<void> => {
  await sql.begin(async (tx: Tx) => {
    if (!(await keepAdmin(tx, userId))) throw adminOnly();
    if (!(await endHold(tx, { end: "released", releasedBy: userId }))) {
      throw conflict("not_holding", "The monitor does not hold (any more).");
    }
  });
  log.warn("an admin released the monitor's hold", { admin: email });
};
