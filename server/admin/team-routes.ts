/** `/v1/admin/teams`: every team, for platform admins. */
import { Elysia, type Static, t } from "elysia";

import { parseTeamId } from "../../proto/ids.ts";
import { ADMIN } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, nullable, pageOf, PageQuery } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import { LIMIT_NAMES } from "../sandboxes/limits.ts";
import type { Services } from "../services.ts";
import { AdminTeamModel, presentAdminTeam } from "./present.ts";

const TeamParams = t.Object({ id: t.String({ description: "Team id" }) });
const teamIdOf = ({ id }: { id: string }): string => readId(parseTeamId, "id", id);

const Limit = t.Optional(
  nullable(t.Integer({ minimum: 0, maximum: 1_000_000_000, description: "Null: the instance's" })),
);
const LimitsBody = t.Object(Object.fromEntries(LIMIT_NAMES.map((name) => [name, Limit])));

/** Without those that are the instance's. */
const ownLimits = (limits: Static<typeof LimitsBody>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(limits).flatMap(([name, limit]) => (typeof limit === "number" ? [[name, limit]] : [])),
  );

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["administration"],
  security: ADMIN,
});

export const adminTeamRoutes = ({
  guards,
  teamAdministration,
}: Pick<Services, "guards" | "teamAdministration">) =>
  new Elysia({ name: "admin-teams", prefix: "/v1/admin/teams", normalize: false })
    .derive(guards.admin)
    .get(
      "",
      async ({ query }) => {
        const page = await teamAdministration.list({ ...query, limit: query.limit ?? DEFAULT_PAGE });
        return { ...page, items: page.items.map(presentAdminTeam) };
      },
      {
        query: t.Object({
          ...PageQuery,
          search: t.Optional(t.String({ maxLength: 128, description: "Part of the name" })),
        }),
        response: withErrors({ 200: pageOf(AdminTeamModel) }, [400, 401, 403]),
        detail: detail("listAllTeams", "List all teams, newest first"),
      },
    )
    .put(
      "/:id/byoc",
      async ({ caller, params, body }) => {
        const wanted = { id: teamIdOf(params), enabled: body.enabled };
        return presentAdminTeam(await teamAdministration.setByoc(caller, wanted));
      },
      {
        params: TeamParams,
        body: t.Object({
          enabled: t.Boolean({ description: "The team's sandboxes run on its own hosts, and only there" }),
        }),
        response: withErrors({ 200: AdminTeamModel }, [400, 401, 403, 404, 409]),
        detail: detail("setTeamByoc", "Let a team bring hosts of its own, or not"),
      },
    )
    .put(
      "/:id/limits",
      async ({ caller, params, body }) => {
        const wanted = { id: teamIdOf(params), limits: ownLimits(body) };
        return presentAdminTeam(await teamAdministration.setLimits(caller, wanted));
      },
      {
        params: TeamParams,
        body: LimitsBody,
        response: withErrors({ 200: AdminTeamModel }, [400, 401, 403, 404]),
        detail: detail("setTeamLimits", "Replace a team's own limits"),
      },
    );
