/** `/v1/me/sessions`: where one is signed in, and ending it. */
import { Elysia, t } from "elysia";

import { formatSessionId, parseSessionId, timeOfId } from "../../proto/ids.ts";
import type { LiveSession } from "../auth/sessions-store.ts";
import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, nullable, pageOf, PageQuery, Timestamp } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";

const SessionModel = t.Object(
  {
    id: t.String(),
    user_agent: nullable(t.String({ description: "As the browser or program called itself at sign-in" })),
    is_current: t.Boolean({ description: "The one that asks" }),
    created_at: Timestamp,
    last_seen_at: t.String({ ...Timestamp, description: "When its token was last refreshed" }),
    expires_at: Timestamp,
  },
  { title: "Session" },
);

const present = (session: LiveSession, currentId: string) => ({
  id: formatSessionId(session.id),
  user_agent: session.userAgent,
  is_current: session.id === currentId,
  created_at: timeOfId(session.id).toISOString(),
  last_seen_at: session.lastSeenAt.toISOString(),
  expires_at: session.expiresAt.toISOString(),
});

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["me"],
  security: USER,
});

export const sessionRoutes = ({ guards, sessions }: Pick<Services, "guards" | "sessions">) =>
  new Elysia({ name: "sessions", prefix: "/v1/me/sessions", normalize: false })
    .derive(guards.user)
    .get(
      "",
      async ({ caller, query }) => {
        const page = await sessions.list(caller.userId, { ...query, limit: query.limit ?? DEFAULT_PAGE });
        return { ...page, items: page.items.map((session) => present(session, caller.sessionId)) };
      },
      {
        query: t.Object(PageQuery),
        response: withErrors({ 200: pageOf(SessionModel) }, [400, 401]),
        detail: detail("listSessions", "List where you are signed in, newest first"),
      },
    )
    .delete(
      "",
      async ({ caller, query, set }) => {
        await sessions.revokeAll(caller, query.keep_current === true ? caller.sessionId : null);
        set.status = 204;
      },
      {
        query: t.Object({
          keep_current: t.Optional(t.Boolean({ default: false, description: "Stay signed in here" })),
        }),
        response: withErrors({ 204: t.Void() }, [400, 401]),
        detail: detail("revokeAllSessions", "Sign out everywhere; tokens stop at once"),
      },
    )
    .delete(
      "/:session_id",
      async ({ caller, params, set }) => {
        await sessions.revoke(caller, readId(parseSessionId, "session_id", params.session_id));
        set.status = 204;
      },
      {
        params: t.Object({ session_id: t.String() }),
        response: withErrors({ 204: t.Void() }, [400, 401, 404]),
        detail: detail("revokeSession", "End one of your sessions; its token stops at once"),
      },
    );
