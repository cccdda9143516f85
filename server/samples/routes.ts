/** What sandboxes and hosts use, now and over time: `/v1/sandboxes/{id}/metrics`, `/stats`, `/v1/hosts/{id}/metrics`. */
import { Elysia, t } from "elysia";

import { KEY_OR_TEAM, USER } from "../docs/security.ts";
import { requireHost } from "../hosts/access.ts";
import { hostIdOf, HostParams } from "../hosts/routes.ts";
import { withErrors } from "../http/error-responses.ts";
import { requireSandbox } from "../sandboxes/host-calls.ts";
import { readSample } from "../sandboxes/inspect.ts";
import { sandboxIdOf, SandboxParams } from "../sandboxes/requests.ts";
import type { Services } from "../services.ts";
import {
  HostSampleModel,
  presentHostSample,
  presentSample,
  presentTeamSample,
  presentTotals,
  SampleModel,
  seriesOf,
  StatsModel,
} from "./present.ts";
import { asksForSeries, SpanFields } from "./query.ts";
import { toSpan } from "./resolutions.ts";
import { readHostSeries, readSandboxSeries, readTeamSeries, readTeamTotals } from "./store.ts";

const SPAN =
  "Kept every 15 seconds for an hour, every minute for a day, every 15 minutes for 30 days; a step is the mean of its samples.";

const sandboxDetail = (operationId: string, summary: string, description: string) => ({
  operationId,
  summary,
  description: `${description} ${SPAN}`,
  tags: ["sandboxes"],
  security: KEY_OR_TEAM,
});

export const sandboxSampleRoutes = ({ guards, sandboxes }: Pick<Services, "guards" | "sandboxes">) =>
  new Elysia({ name: "sandbox-samples", prefix: "/v1/sandboxes", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
    .get(
      "/stats",
      async ({ caller: { teamId }, query }) => {
        const totals = await readTeamTotals(sandboxes.sql, teamId);
        if (!asksForSeries(query)) return { ...presentTotals(totals), history: null };
        const span = toSpan(query);
        const items = await readTeamSeries(sandboxes.sql, teamId, span);
        const history = { step_sec: span.stepSec, items: items.map(presentTeamSample) };
        return { ...presentTotals(totals), history };
      },
      {
        query: t.Object(SpanFields),
        response: withErrors({ 200: StatsModel }, [400, 401, 403]),
        detail: sandboxDetail(
          "getSandboxStats",
          "What the team's sandboxes have and use together",
          "With `start`, `end` or `step` also over time.",
        ),
      },
    )
    .get(
      "/:id/metrics",
      async ({ caller, params, query }) => {
        const id = sandboxIdOf(params);
        if (!asksForSeries(query)) return presentSample(await readSample(sandboxes, caller, id));
        const span = toSpan(query);
        const { sql } = sandboxes;
        await requireSandbox(sandboxes, { id, teamId: caller.teamId });
        const items = await readSandboxSeries(sql, id, span);
        return { step_sec: span.stepSec, items: items.map(presentSample) };
      },
      {
        params: SandboxParams,
        query: t.Object(SpanFields),
        response: withErrors(
          { 200: t.Union([SampleModel, seriesOf(SampleModel)]) },
          [400, 401, 403, 404, 409, 502, 503, 504],
        ),
        detail: sandboxDetail(
          "getSandboxMetrics",
          "What the sandbox uses now, or used over time",
          "Without a query asked of the sandbox itself; with `start`, `end` or `step` from what was kept of it.",
        ),
      },
    );

export const hostSampleRoutes = ({ guards, sql }: Pick<Services, "guards" | "sql">) =>
  new Elysia({ name: "host-samples", prefix: "/v1/hosts", normalize: false }).derive(guards.user).get(
    "/:id/metrics",
    async ({ caller, params, query }) => {
      const span = toSpan(query);
      const host = await requireHost(sql, caller, hostIdOf(params));
      const items = await readHostSeries(sql, host.id, span);
      return { step_sec: span.stepSec, items: items.map(presentHostSample) };
    },
    {
      params: HostParams,
      query: t.Object(SpanFields),
      response: withErrors({ 200: seriesOf(HostSampleModel) }, [400, 401, 404]),
      detail: {
        operationId: "getHostMetrics",
        summary: "What the host used over time, the last hour unless something else is asked",
        description: SPAN,
        tags: ["hosts"],
        security: USER,
      },
    },
  );
