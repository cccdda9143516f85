/** `/v1/auth`: sign-up, sign-in, refresh, sign-out, another team. */
import { Elysia, t } from "elysia";

import { formatTeamId, formatUserId, parseTeamId } from "../../proto/ids.ts";
import { OPEN, REFRESH_COOKIE, USER } from "../docs/security.ts";
import { unauthorized } from "../errors.ts";
import { withErrors } from "../http/error-responses.ts";
import { nullable, TeamRoleWord, Timestamp } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import { Email, NewPassword, OneTimeSecret, PersonName, TypedPassword } from "./schemas.ts";
import type { SignedIn } from "./service.ts";

const AuthResponse = t.Object({
  token: t.String({ description: "For `Authorization: Bearer`, 15 minutes." }),
  expires_at: Timestamp,
  user_id: t.String(),
  team_id: nullable(t.String()),
  email: t.String(),
  name: t.String(),
  role: nullable(TeamRoleWord),
  is_admin: t.Boolean(),
});

const SignupRequest = t.Object({
  email: Email,
  password: NewPassword,
  name: PersonName,
  setup_code: t.Optional(
    t.String({
      maxLength: 64,
      description: "Printed at start; for the first account of a reachable server.",
    }),
  ),
});

const LoginRequest = t.Object({
  email: t.String({ minLength: 1, maxLength: 254 }),
  password: TypedPassword,
});

const RefreshRequest = t.Object({ team_id: t.Optional(nullable(t.String())) });

const toWire = (answer: SignedIn) => ({
  token: answer.token,
  expires_at: answer.expiresAt.toISOString(),
  user_id: formatUserId(answer.userId),
  team_id: answer.teamId === null ? null : formatTeamId(answer.teamId),
  email: answer.email,
  name: answer.name,
  role: answer.role,
  is_admin: answer.isAdmin,
});

const detail = (operationId: string, summary: string, security: typeof OPEN) => ({
  operationId,
  summary,
  tags: ["sign-in"],
  security,
});

export const authRoutes = ({
  guards,
  limits,
  users,
  links,
  refreshCookie,
}: Pick<Services, "guards" | "limits" | "users" | "links" | "refreshCookie">) =>
  new Elysia({ prefix: "/v1/auth", normalize: false })
    .post(
      "/signup",
      async ({ body, request, set }) => {
        await limits.signUp({ request, set });
        const userAgent = request.headers.get("user-agent");
        const { answer, refreshToken } = await users.signUp({
          ...body,
          setupCode: body.setup_code ?? null,
          userAgent,
        });
        if (refreshToken !== null) set.headers["set-cookie"] = refreshCookie.write(refreshToken);
        set.status = 201;
        return toWire(answer);
      },
      {
        body: SignupRequest,
        response: withErrors({ 201: AuthResponse }, [400, 403, 409, 429, 503]),
        detail: detail("signUp", "Make an account", OPEN),
      },
    )
    .post(
      "/login",
      async ({ body, request, set }) => {
        await limits.logIn({ request, set }, body.email);
        const userAgent = request.headers.get("user-agent");
        const { answer, refreshToken } = await users.logIn({ ...body, userAgent });
        if (refreshToken !== null) set.headers["set-cookie"] = refreshCookie.write(refreshToken);
        return toWire(answer);
      },
      {
        body: LoginRequest,
        response: withErrors({ 200: AuthResponse }, [400, 401, 403, 503]),
        detail: detail("logIn", "Sign in", OPEN),
      },
    )
    .post(
      "/refresh",
      async ({ body, request, set }) => {
        limits.link({ request, set });
        const token = refreshCookie.read(request);
        if (token === null) throw unauthorized("There is no session here. Sign in.", "no_session");
        const wished = body?.team_id ? readId(parseTeamId, "team_id", body.team_id) : null;
        const { answer, refreshToken } = await users.refresh(token, wished);
        if (refreshToken !== null) set.headers["set-cookie"] = refreshCookie.write(refreshToken);
        return toWire(answer);
      },
      {
        body: nullable(RefreshRequest),
        response: withErrors({ 200: AuthResponse }, [400, 401]),
        detail: detail("refreshSession", "Go on: a new token for the session in the cookie", REFRESH_COOKIE),
      },
    )
    .post(
      "/logout",
      async ({ request, set }) => {
        limits.link({ request, set });
        const token = refreshCookie.read(request);
        if (token !== null) await users.logOut(token);
        set.headers["set-cookie"] = refreshCookie.write("");
        set.status = 204;
      },
      {
        response: withErrors({ 204: t.Void() }, [429]),
        detail: detail("logOut", "Sign out; fine without a session", REFRESH_COOKIE),
      },
    )
    .post(
      "/set-password",
      async ({ body, request, set }) => {
        limits.link({ request, set });
        await links.setPassword(body);
        set.status = 204;
      },
      {
        body: t.Object({ token: OneTimeSecret, password: NewPassword }),
        response: withErrors({ 204: t.Void() }, [400, 401, 503]),
        detail: detail(
          "setPassword",
          "Set a password with a one-time link; ends the account's sessions",
          OPEN,
        ),
      },
    )
    .derive(guards.user)
    .post(
      "/switch-team",
      async ({ caller, body }) =>
        toWire(await users.switchTeam(caller, readId(parseTeamId, "team_id", body.team_id))),
      {
        body: t.Object({ team_id: t.String() }),
        response: withErrors({ 200: AuthResponse }, [400, 401, 403, 404]),
        detail: detail("switchTeam", "A token for another of your teams", USER),
      },
    );
