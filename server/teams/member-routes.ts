/** `/v1/teams/{id}/members`, and leaving. */
import { Elysia, t } from "elysia";

import { parseUserId } from "../../proto/ids.ts";
import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, pageOf, PageQuery, wordOf } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import { MemberModel, presentMember } from "./present.ts";
import { TeamParams } from "./routes.ts";

const GrantedRoleWord = wordOf(["admin", "member"]);

const MemberParams = t.Object({ ...TeamParams.properties, user_id: t.String({ description: "User id" }) });
const userIdOf = (params: { user_id: string }): string => readId(parseUserId, "user_id", params.user_id);

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["teams"],
  security: USER,
});

export const memberRoutes = ({ guards, members, limits }: Pick<Services, "guards" | "members" | "limits">) =>
  new Elysia({ name: "members", prefix: "/v1/teams/:id", normalize: false })
    .derive(guards.member)
    .get(
      "/members",
      async ({ caller, query }) => {
        const page = await members.list(caller.teamId, { ...query, limit: query.limit ?? DEFAULT_PAGE });
        return { ...page, items: page.items.map(presentMember) };
      },
      {
        params: TeamParams,
        query: t.Object(PageQuery),
        response: withErrors({ 200: pageOf(MemberModel) }, [400, 401, 403, 404]),
        detail: detail("listMembers", "List a team's people"),
      },
    )
    .post(
      "/members",
      async ({ caller, body, set }) => {
        // It tells whether an address has an account, as the search does.
        await limits.shared("search", caller.userId, set);
        const member = await members.add(caller, { email: body.email, role: body.role ?? "member" });
        set.status = 201;
        return presentMember(member);
      },
      {
        params: TeamParams,
        body: t.Object({
          email: t.String({ minLength: 1, maxLength: 254, description: "Of an account that exists" }),
          role: t.Optional(GrantedRoleWord),
        }),
        response: withErrors({ 201: MemberModel }, [400, 401, 403, 404, 409]),
        detail: detail("addMember", "Add someone by e-mail address; for owner and admins"),
      },
    )
    .patch(
      "/members/:user_id",
      async ({ caller, params, body }) =>
        presentMember(await members.setRole(caller, { userId: userIdOf(params), role: body.role })),
      {
        params: MemberParams,
        body: t.Object({ role: GrantedRoleWord }),
        response: withErrors({ 200: MemberModel }, [400, 401, 403, 404, 409]),
        detail: detail("setMemberRole", "Make someone admin or member; for owner and admins"),
      },
    )
    .delete(
      "/members/:user_id",
      async ({ caller, params, set }) => {
        await members.remove(caller, userIdOf(params));
        set.status = 204;
      },
      {
        params: MemberParams,
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 404, 409]),
        detail: detail("removeMember", "Remove someone, and end the keys they made; for owner and admins"),
      },
    )
    .post(
      "/leave",
      async ({ caller, set }) => {
        await members.leave(caller);
        set.status = 204;
      },
      {
        params: TeamParams,
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 404, 409]),
        detail: detail("leaveTeam", "Leave a team; its owner hands it over first"),
      },
    );
