/** `/v1/me`: the signed-in person. */
import { Elysia, t } from "elysia";

import { formatSessionId, formatTeamId, formatUserId } from "../../proto/ids.ts";
import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { nullable } from "../http/schemas.ts";
import type { Services } from "../services.ts";

const Me = t.Object({
  user_id: t.String(),
  email: t.String(),
  name: t.String(),
  is_admin: t.Boolean(),
  session_id: t.String(),
  team_id: nullable(t.String({ description: "The token's team, while you are in it." })),
});

export const meRoutes = ({ guards }: Services) =>
  new Elysia({ prefix: "/v1/me", normalize: false }).derive(guards.user).get(
    "",
    ({ caller }) => ({
      user_id: formatUserId(caller.userId),
      email: caller.email,
      name: caller.name,
      is_admin: caller.isAdmin,
      session_id: formatSessionId(caller.sessionId),
      team_id: caller.teamId === null ? null : formatTeamId(caller.teamId),
    }),
    {
      response: withErrors({ 200: Me }, [401]),
      detail: { operationId: "getMe", summary: "Who am I", tags: ["me"], security: USER },
    },
  );
