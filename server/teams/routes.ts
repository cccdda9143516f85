/** `/v1/teams`: found, list, see, rename, hand over, delete. */
import { Elysia, t } from "elysia";

import { parseTeamId, parseUserId } from "../../proto/ids.ts";
import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, pageOf, PageQuery } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import { deleteTeam } from "./deletion.ts";
import { presentTeam, TeamModel } from "./present.ts";

export const TeamParams = t.Object({ id: t.String({ description: "Team id" }) });

const NameBody = t.Object({
  name: t.String({
    description: "1 to 128 letters, digits, spaces, hyphens, underscores, @ and apostrophes",
    examples: ["O'Brien-Ops @ HQ"],
  }),
});

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["teams"],
  security: USER,
});

/** What needs no more than a person. */
export const teamRoutes = ({ guards, teams }: Pick<Services, "guards" | "teams">) =>
  new Elysia({ name: "teams", prefix: "/v1/teams", normalize: false })
    .derive(guards.user)
    .post(
      "",
      async ({ caller, body, set }) => {
        set.status = 201;
        return presentTeam(await teams.create(caller, body.name));
      },
      {
        body: NameBody,
        response: withErrors({ 201: TeamModel }, [400, 401, 429]),
        detail: detail("createTeam", "Found a team; you become its owner"),
      },
    )
    .get(
      "",
      async ({ caller, query }) => {
        const page = await teams.list(caller.userId, { ...query, limit: query.limit ?? DEFAULT_PAGE });
        return { ...page, items: page.items.map(presentTeam) };
      },
      {
        query: t.Object(PageQuery),
        response: withErrors({ 200: pageOf(TeamModel) }, [400, 401]),
        detail: detail("listTeams", "List the teams you are in, newest first"),
      },
    )
    .post(
      "/:id/transfer",
      async ({ caller, params, body, set }) => {
        const teamId = readId(parseTeamId, "id", params.id);
        await teams.transfer(caller, { teamId, userId: readId(parseUserId, "user_id", body.user_id) });
        set.status = 204;
      },
      {
        params: TeamParams,
        body: t.Object({ user_id: t.String({ description: "A member; becomes the owner" }) }),
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 404, 409]),
        detail: detail("transferTeam", "Hand the team over; the owner so far stays as an admin"),
      },
    );

/** What is for the people of the team that the path names. */
export const ownTeamRoutes = ({ guards, teams, hosts }: Pick<Services, "guards" | "teams" | "hosts">) =>
  new Elysia({ name: "own-team", prefix: "/v1/teams/:id", normalize: false })
    .derive(guards.member)
    .get("", ({ team }) => presentTeam(team), {
      params: TeamParams,
      response: withErrors({ 200: TeamModel }, [400, 401, 403, 404]),
      detail: detail("getTeam", "Get a team you are in"),
    })
    .patch("", async ({ caller, body }) => presentTeam(await teams.rename(caller, body.name)), {
      params: TeamParams,
      body: NameBody,
      response: withErrors({ 200: TeamModel }, [400, 401, 403, 404]),
      detail: detail("renameTeam", "Rename a team; for its owner and admins"),
    })
    .delete(
      "",
      async ({ caller, set }) => {
        await deleteTeam(hosts, caller);
        set.status = 204;
      },
      {
        params: TeamParams,
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 404]),
        detail: detail(
          "deleteTeam",
          "Delete a team with its sandboxes, snapshots, keys and own hosts; for its owner",
        ),
      },
    );
