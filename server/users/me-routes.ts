/** `/v1/me`: the signed-in person. */
import { Elysia, t } from "elysia";

import { formatSessionId, formatTeamId, formatUserId, parseTeamId } from "../../proto/ids.ts";
import type { UserCaller } from "../auth/context.ts";
import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { nullable } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import { NewPassword, PersonName, TypedPassword } from "./schemas.ts";

const Me = t.Object(
  {
    user_id: t.String(),
    email: t.String(),
    name: t.String(),
    is_admin: t.Boolean(),
    session_id: t.String(),
    team_id: nullable(t.String({ description: "The token's team, while you are in it." })),
  },
  { title: "Me" },
);

const present = (caller: UserCaller) => ({
  user_id: formatUserId(caller.userId),
  email: caller.email,
  name: caller.name,
  is_admin: caller.isAdmin,
  session_id: formatSessionId(caller.sessionId),
  team_id: caller.teamId === null ? null : formatTeamId(caller.teamId),
});

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["me"],
  security: USER,
});

export const meRoutes = ({
  guards,
  limits,
  profile,
  teams,
}: Pick<Services, "guards" | "limits" | "profile" | "teams">) =>
  new Elysia({ name: "me", prefix: "/v1/me", normalize: false })
    .derive(guards.user)
    .get("", ({ caller }) => present(caller), {
      response: withErrors({ 200: Me }, [401]),
      detail: detail("getMe", "Who am I"),
    })
    .patch(
      "",
      async ({ caller, body }) => present({ ...caller, name: await profile.rename(caller, body.name) }),
      {
        body: t.Object({ name: PersonName }),
        response: withErrors({ 200: Me }, [400, 401]),
        detail: detail("renameMe", "Change your name"),
      },
    )
    .post(
      "/password",
      async ({ caller, body, set }) => {
        await limits.password(caller.email);
        const current = body.current_password ?? null;
        await profile.changePassword(caller, { current, wanted: body.new_password });
        set.status = 204;
      },
      {
        body: t.Object({
          current_password: t.Optional(nullable(TypedPassword)),
          new_password: NewPassword,
        }),
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 503]),
        detail: detail("changePassword", "Change your password; all your other sessions end"),
      },
    )
    .put(
      "/default-team",
      async ({ caller, body, set }) => {
        await teams.setDefault(caller, readId(parseTeamId, "team_id", body.team_id));
        set.status = 204;
      },
      {
        body: t.Object({ team_id: t.String({ description: "Where your sign-ins start from now on" }) }),
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 404]),
        detail: detail("setDefaultTeam", "Choose the team your sign-ins start in"),
      },
    );
