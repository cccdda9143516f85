/** E2B's views into a sandbox: metrics and logs. */
import { Elysia, t } from "elysia";

import { readLogs } from "../sandboxes/inspect.ts";
import type { Services } from "../services.ts";
import { detail } from "./detail.ts";
import { LogQuery, LogQueryV2, select, selectV2, toEntries, toLines } from "./logs.ts";
import { IdsQuery, IntervalQuery, metricsOf, metricsOfMany } from "./metrics.ts";
import { SandboxParams } from "./requests.ts";
import { LogEntryModel, MetricModel, withE2bErrors } from "./schemas.ts";
import { requireLive, sandboxIdOf } from "./settled.ts";

type Deps = Pick<Services, "guards" | "sandboxes">;

export const e2bMetricRoutes = ({ guards, sandboxes }: Deps) =>
  new Elysia({ name: "e2b-metrics", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
    .get(
      "/sandboxes/:id/metrics",
      ({ caller, params, query }) => metricsOf(sandboxes, caller, sandboxIdOf(params), query),
      {
        params: SandboxParams,
        query: IntervalQuery,
        response: withE2bErrors({ 200: t.Array(MetricModel) }, [400, 404, 502, 503, 504]),
        detail: detail("GetSandboxMetrics", "What the sandbox used, oldest first"),
      },
    )
    .get(
      "/sandboxes/metrics",
      async ({ caller, query }) => ({ sandboxes: await metricsOfMany(sandboxes, caller, query) }),
      {
        query: IdsQuery,
        response: withE2bErrors({ 200: t.Object({ sandboxes: t.Record(t.String(), MetricModel) }) }, [400]),
        detail: detail("ListSandboxMetrics", "What each of several running sandboxes uses now"),
      },
    );

/** Logs may hold what files hold, so a read-only key does not open them. */
export const e2bLogRoutes = ({ guards, sandboxes }: Deps) =>
  new Elysia({ name: "e2b-logs", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"], readable: false }))
    .get(
      "/sandboxes/:id/logs",
      async ({ caller, params, query }) => {
        const sandbox = await requireLive(sandboxes, { id: sandboxIdOf(params), teamId: caller.teamId });
        const entries = select(toEntries(sandbox, await readLogs(sandboxes, caller, sandbox.id)), query);
        return { logs: toLines(entries), logEntries: entries };
      },
      {
        params: SandboxParams,
        query: LogQuery,
        response: withE2bErrors(
          {
            200: t.Object({
              logs: t.Array(t.Object({ timestamp: t.String(), line: t.String({ description: "JSON" }) })),
              logEntries: t.Array(LogEntryModel),
            }),
          },
          [400, 404, 409, 502, 503, 504],
        ),
        detail: detail("GetSandboxLogsV1", "The last 64 KB of console and guest agent, line by line"),
      },
    )
    .get(
      "/v2/sandboxes/:id/logs",
      async ({ caller, params, query }) => {
        const sandbox = await requireLive(sandboxes, { id: sandboxIdOf(params), teamId: caller.teamId });
        const entries = toEntries(sandbox, await readLogs(sandboxes, caller, sandbox.id));
        return { logs: selectV2(entries, query) };
      },
      {
        params: SandboxParams,
        query: LogQueryV2,
        response: withE2bErrors(
          { 200: t.Object({ logs: t.Array(LogEntryModel) }) },
          [400, 404, 409, 502, 503, 504],
        ),
        detail: detail("GetSandboxLogs", "The same, searched and in either direction"),
      },
    );
