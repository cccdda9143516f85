/** Looks for hosts that fell silent, and does what `staleness.ts` decides. Only the leader does. */
import type { Tx } from "../../../db/sql.ts";
import { hostEvents } from "../../audit/host-events.ts";
import { recordAll } from "../../audit/record.ts";
import { sandboxEvents } from "../../audit/sandbox-events.ts";
import type { Log } from "../../log.ts";
import { markMissing } from "../../sandboxes/status-store.ts";
import { databaseNow } from "../reconcile-store.ts";
import { endHold, findOpenHold, openHold } from "./holds-store.ts";
import type { Lead } from "./leadership.ts";
import { judge, type Verdict } from "./staleness.ts";
import { listWatched, markUnreachable, type NamedHost } from "./watch-store.ts";

export interface WatchDeps {
  staleMs: number;
  log: Log;
}

/** The status reason of sandboxes whose host was marked, and of the host in the audit trail. */
const SILENT = "no_heartbeat";

const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`;

/** The host and what ran on it, in one step; nothing when it beat meanwhile. */
const markLost = (lead: Lead, { staleMs, log }: WatchDeps, host: NamedHost): Promise<void> =>
  lead.begin(async (tx: Tx) => {
    const reason = `no heartbeat for ${seconds(staleMs)}`;
    if (!(await markUnreachable(tx, { ...host, reason }))) return;
    const sandboxes = await markMissing(tx, { hostId: host.id, reason: SILENT });
    await recordAll(tx, [
      ...sandboxes.map(({ id, teamId }) => sandboxEvents.missing({ teamId, sandboxId: id, reason: SILENT })),
      hostEvents.markedDown({ teamId: host.teamId, hostId: host.id, reason: SILENT }),
    ]);
    log.warn("a host is lost", { host: host.name, reason, sandboxes: sandboxes.length });
  });

const markAll = async (lead: Lead, deps: WatchDeps, hosts: readonly NamedHost[]): Promise<void> => {
  for (const host of hosts) {
    await markLost(lead, deps, host).catch((error: unknown) =>
      deps.log.warn("marking a lost host failed; the next round repeats it", { host: host.name, error }),
    );
  }
};

const apply = async (
  lead: Lead,
  deps: WatchDeps,
  { verdict, hosts }: { verdict: Verdict; hosts: readonly NamedHost[] },
): Promise<void> => {
  const { log } = deps;
  switch (verdict.action) {
    case "mark":
      return markAll(
        lead,
        deps,
        hosts.filter(({ id }) => verdict.hostIds.includes(id)),
      );
    case "hold":
      await lead.begin((tx) => openHold(tx, verdict.hostIds));
      log.warn(
        "too many hosts fell silent at once: none is marked lost until one beats or an admin says so",
        {
          silent: verdict.hostIds.length,
          online: hosts.length,
        },
      );
      return;
    case "end":
      await lead.begin((tx) => endHold(tx, { end: verdict.end }));
      log.warn("the monitor holds no more", { end: verdict.end });
      return;
    case "wait":
  }
};

/** One look. @returns whether the monitor holds. */
export const watchHosts = async (lead: Lead, deps: WatchDeps): Promise<boolean> => {
  const { now, hosts, hold } = await lead.begin(async (tx) => ({
    hold: await findOpenHold(tx),
    hosts: await listWatched(tx),
    now: await databaseNow(tx),
  }));
  const verdict = judge({ now, leadingSince: lead.since, staleMs: deps.staleMs, hosts, hold });
  await apply(lead, deps, { verdict, hosts });
  return verdict.action === "hold" || verdict.action === "wait";
};
