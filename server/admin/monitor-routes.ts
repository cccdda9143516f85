/** `/v1/admin/monitor`: which server looks after the hosts, and whether it holds. */
import { Elysia, t } from "elysia";

import { HOLD_ENDS } from "../../db/constants.ts";
import { formatHostId } from "../../proto/ids.ts";
import { ADMIN } from "../docs/security.ts";
import type { MonitorView } from "../hosts/monitor/administration.ts";
import { releaseHold, viewMonitor } from "../hosts/monitor/administration.ts";
import { withErrors } from "../http/error-responses.ts";
import { integer, nullable, Timestamp, wordOf } from "../http/schemas.ts";
import type { Services } from "../services.ts";

const MonitorModel = t.Object(
  {
    leader: nullable(
      t.Object({
        name: t.String({ description: "Machine and process" }),
        since: Timestamp,
        last_round_at: Timestamp,
        last_round_ms: integer({ description: "Time that the last round over all hosts took" }),
      }),
    ),
    hold: nullable(
      t.Object(
        {
          since: Timestamp,
          ends_at: Timestamp,
          hosts: t.Array(t.Object({ id: t.String(), name: t.String() })),
        },
        {
          description:
            "So many hosts are silent that none is marked lost until one beats or this is released",
        },
      ),
    ),
    last_hold: nullable(t.Object({ since: Timestamp, ended_at: Timestamp, end: wordOf(HOLD_ENDS) })),
  },
  { title: "Monitor" },
);

const present = ({ leader, hold, lastHold }: MonitorView) => ({
  leader: leader && {
    name: leader.name,
    since: leader.since.toISOString(),
    last_round_at: leader.lastRoundAt.toISOString(),
    last_round_ms: leader.lastRoundMs,
  },
  hold: hold && {
    since: hold.begunAt.toISOString(),
    ends_at: hold.endsAt.toISOString(),
    hosts: hold.hosts.map(({ id, name }) => ({ id: formatHostId(id), name })),
  },
  last_hold: lastHold && {
    since: lastHold.begunAt.toISOString(),
    ended_at: lastHold.endedAt.toISOString(),
    end: lastHold.end,
  },
});

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["administration"],
  security: ADMIN,
});

export const adminMonitorRoutes = ({
  guards,
  sql,
  config,
  log,
}: Pick<Services, "guards" | "sql" | "config" | "log">) =>
  new Elysia({ name: "admin-monitor", prefix: "/v1/admin/monitor", normalize: false })
    .derive(guards.admin)
    .get("", async () => present(await viewMonitor({ sql, config })), {
      response: withErrors({ 200: MonitorModel }, [401, 403]),
      detail: detail("getMonitor", "See which server looks after the hosts, and whether it holds"),
    })
    .post(
      "/release",
      async ({ caller }) => {
        await releaseHold({ sql, log }, caller);
        return present(await viewMonitor({ sql, config }));
      },
      {
        response: withErrors({ 200: MonitorModel }, [401, 403, 409]),
        detail: detail("releaseMonitor", "End a hold: the silent hosts are marked lost"),
      },
    );
