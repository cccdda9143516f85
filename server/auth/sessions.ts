/** Sessions: begun by a sign-in, kept by rotating the refresh token, ended by sign-out or by a stolen token. */
import type { Sql, Tx } from "../../db/sql.ts";
import { isUuid, newId } from "../../proto/ids.ts";
import { SYSTEM } from "../audit/actor.ts";
import { record } from "../audit/record.ts";
import { userEvents } from "../audit/user-events.ts";
import { notFound, unauthorized } from "../errors.ts";
import { decodeCursor, type Page, toPage } from "../http/cursors.ts";
import { lockUser } from "../users/store.ts";
import type { UserCaller } from "./context.ts";
import { randomHex, sha256 } from "./secrets.ts";
import {
  insertSession,
  listLiveSessions,
  type LiveSession,
  lockRefreshToken,
  markRotated,
  type RefreshRow,
  revokeFamily,
  revokeSessions,
} from "./sessions-store.ts";

export const SESSION_SEC = 30 * 24 * 3600;
/** How long a rotated token still yields a user's token: two tabs refresh at once, or an answer was lost. */
const GRACE_SEC = 30;
const MAX_USER_AGENT = 512;

export interface BegunSession {
  sessionId: string;
  /** For the cookie. */
  refreshToken: string;
}

export interface RefreshedSession {
  userId: string;
  sessionId: string;
  /** Null within the grace: the other tab got the cookie. */
  refreshToken: string | null;
}

type Person = Pick<UserCaller, "userId" | "actor">;

type Outcome = RefreshedSession | "unknown" | "reused";

const cleanAgent = (text: string | null): string | null =>
  text === null ? null : text.toWellFormed().replaceAll("\0", "").slice(0, MAX_USER_AGENT);

const insert = async (
  tx: Tx,
  session: { userId: string; familyId: string; userAgent: string | null },
): Promise<string> => {
  const refreshToken = randomHex(32);
  await insertSession(tx, {
    ...session,
    userAgent: cleanAgent(session.userAgent),
    tokenHash: sha256(refreshToken),
    lifeSec: SESSION_SEC,
  });
  return refreshToken;
};

const rotate = async (tx: Tx, row: RefreshRow): Promise<RefreshedSession> => {
  await markRotated(tx, row.id);
  const refreshToken = await insert(tx, {
    userId: row.user_id,
    familyId: row.family_id,
    userAgent: row.user_agent,
  });
  return { userId: row.user_id, sessionId: row.family_id, refreshToken };
};

const use = async (tx: Tx, refreshToken: string): Promise<Outcome> => {
  const row = await lockRefreshToken(tx, { tokenHash: sha256(refreshToken), graceSec: GRACE_SEC });
  if (row === undefined || !row.is_live || row.is_disabled) return "unknown";
  if (!row.is_rotated) return rotate(tx, row);
  if (row.in_grace && row.family_is_live) {
    return { userId: row.user_id, sessionId: row.family_id, refreshToken: null };
  }
  // A token that was replaced long ago comes back: someone kept a copy. Nobody keeps the session.
  if (await revokeFamily(tx, { userId: row.user_id, familyId: row.family_id })) {
    const reason = "refresh_token_reused";
    const event = { actor: SYSTEM, userId: row.user_id, sessionId: row.family_id, reason };
    await record(tx, userEvents.sessionRevoked(event));
  }
  return "reused";
};

export const createSessions = (sql: Sql) => ({
  /** Inside the transaction of the sign-in. */
  async begin(tx: Tx, session: { userId: string; userAgent: string | null }): Promise<BegunSession> {
    const sessionId = newId();
    const refreshToken = await insert(tx, { ...session, familyId: sessionId });
    return { sessionId, refreshToken };
  },

  /** Uses a refresh token once. 401 when it is not (or no longer) good. */
  async refresh(refreshToken: string): Promise<RefreshedSession> {
    const outcome = await sql.begin((tx) => use(tx, refreshToken));
    if (outcome === "reused") {
      throw unauthorized(
        "This session was used from two places and has ended. Sign in again.",
        "session_revoked",
      );
    }
    if (outcome === "unknown") throw unauthorized("The session has ended. Sign in again.", "session_ended");
    return outcome;
  },

  /** Ends the session of a refresh token, whichever it is; fine when there is none. */
  async end(refreshToken: string): Promise<void> {
    await sql.begin(async (tx) => {
      const row = await lockRefreshToken(tx, { tokenHash: sha256(refreshToken), graceSec: GRACE_SEC });
      if (row !== undefined) await revokeFamily(tx, { userId: row.user_id, familyId: row.family_id });
    });
  },

  async list(userId: string, page: { cursor?: string; limit: number }): Promise<Page<LiveSession>> {
    const [beforeId = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, 1, isUuid);
    const rows = await listLiveSessions(sql, { userId, beforeId, limit: page.limit + 1 });
    return toPage(rows, page.limit, ({ id }) => [id]);
  },

  /** Ends one of the person's sessions; its token stops at once. 404 `session_not_found`. */
  async revoke({ userId, actor }: Person, sessionId: string): Promise<void> {
    await sql.begin(async (tx) => {
      await lockUser(tx, userId);
      if (!(await revokeFamily(tx, { userId, familyId: sessionId }))) {
        throw notFound("session_not_found", "You have no such session (any more).");
      }
      await record(tx, userEvents.sessionRevoked({ actor, userId, sessionId, reason: "revoked" }));
    });
  },

  /** Signs the person out everywhere, or everywhere else. @param exceptId the session that stays. */
  async revokeAll({ userId, actor }: Person, exceptId: string | null): Promise<void> {
    const reason = exceptId === null ? "signed_out_everywhere" : "signed_out_elsewhere";
    await sql.begin(async (tx) => {
      await revokeSessions(tx, { userId, exceptId });
      await record(tx, userEvents.sessionsRevoked({ actor, userId, reason }));
    });
  },
});

export type Sessions = ReturnType<typeof createSessions>;
