/** The doors: who may pass is read from the database each time. */
import { parseTeamId } from "../../proto/ids.ts";
import { keyActor, userActor } from "../audit/actor.ts";
import { adminOnly, type ApiError, forbidden, unauthorized } from "../errors.ts";
import { readId } from "../http/wire-ids.ts";
import { hashKey } from "../keys/key-format.ts";
import type { Log } from "../log.ts";
import type { RateLimits } from "../rate-limits/rate-limits.ts";
import { notAMember, teamNotFound } from "../teams/errors.ts";
import type { Team } from "../teams/team.ts";
import type { Guarded, Guards, KeyAccess, TeamCaller, UserCaller } from "./context.ts";
import { Guesses } from "./guesses.ts";
import { scopeAllows } from "./scopes.ts";
import type { AuthStore, KeyRow, UserRow } from "./store.ts";
import type { Tokens } from "./tokens.ts";

const KEY_USE_INTERVAL_MS = 60_000;

export interface GuardDeps {
  store: AuthStore;
  tokens: Tokens;
  limits: RateLimits;
  log: Log;
}

const readBearer = (request: Request): string | undefined =>
  /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];

const toUserCaller = (row: UserRow, sessionId: string): UserCaller => ({
  userId: row.user_id,
  email: row.email,
  name: row.name,
  isAdmin: row.is_admin,
  sessionId,
  teamId: row.role === null ? null : row.team_id,
  role: row.role,
  actor: userActor(row.user_id, row.name),
});

type CallersTeam = Pick<TeamCaller, "teamId" | "teamName" | "isByoc" | "limits" | "role">;

const toTeam = (row: UserRow | KeyRow): CallersTeam | null => {
  if (row.role === null || row.team_id === null) return null;
  return {
    teamId: row.team_id,
    teamName: row.team_name ?? "",
    isByoc: row.is_byoc ?? false,
    limits: row.limits ?? {},
    role: row.role,
  };
};

/** What the guard's one query told of the team beside the caller's rights. */
const toOwnTeam = (row: UserRow, { teamId, teamName, isByoc, limits, role }: TeamCaller): Team => ({
  id: teamId,
  name: teamName,
  slug: row.team_slug ?? "",
  isByoc,
  limits,
  createdAt: row.team_created_at ?? new Date(0),
  role,
  isDefault: row.is_default ?? false,
  joinedAt: row.joined_at ?? new Date(0),
});

const sessionEnded = (): ApiError => unauthorized("The session has ended. Sign in again.");

const unknownKey = (): ApiError => unauthorized("The API key is not known.", "invalid_api_key");

/** Why a key does not count (any more), or null. */
const refuseKey = (row: KeyRow | undefined): ApiError | null => {
  if (row === undefined) return unknownKey();
  if (row.is_revoked) return unauthorized("The API key was revoked.", "api_key_revoked");
  if (row.is_expired) {
    return unauthorized(`The API key expired at ${row.expires_at?.toISOString()}.`, "api_key_expired");
  }
  if (row.role !== null && !row.is_disabled) return null;
  return unauthorized("The API key's team or maker is gone, and the key with it.", "invalid_api_key");
};

/** Of a key that counts. 403 `missing_scope`. */
const toKeyCaller = (row: KeyRow, access: KeyAccess & { method: string }): TeamCaller => {
  const team = toTeam(row);
  if (team === null) throw unknownKey();
  if (!scopeAllows(row.scopes, access)) {
    throw forbidden(`The API key lacks the scope ${access.scopes.join(" or ")}.`, "missing_scope");
  }
  return {
    ...team,
    userId: row.user_id,
    keyId: row.key_id,
    sessionId: null,
    isAdmin: false,
    actor: keyActor(row.key_id, row.name),
  };
};

export const createGuards = ({ store, tokens, limits, log }: GuardDeps): Guards => {
  const touching = new Set<string>();
  const guesses = new Guesses(limits);

  // Beside the request: it may neither fail nor slow it.
  const noteUse = (row: KeyRow): void => {
    const usedMs = row.last_used_at?.getTime() ?? 0;
    if (Date.now() - usedMs < KEY_USE_INTERVAL_MS || touching.has(row.key_id)) return;
    touching.add(row.key_id);
    store
      .touchKey(row.key_id)
      .catch((error) => log.warn("the use of an API key could not be noted", { error }))
      .finally(() => touching.delete(row.key_id));
  };

  /** @param readTeam the id of the team to look at, instead of the token's; called once the token is good. */
  const signedIn = async (
    context: Guarded,
    bearer: string | undefined,
    readTeam?: () => string,
  ): Promise<{ row: UserRow; sessionId: string; teamId: string | null }> => {
    if (bearer === undefined)
      throw unauthorized("Sign in first: this needs an Authorization: Bearer header.");
    const session = await tokens.verifyUser(bearer);
    if (session === null) {
      const why = "The token is not valid or has expired. Refresh it or sign in again.";
      throw guesses.onBad(context, unauthorized(why));
    }
    const teamId = readTeam?.() ?? session.teamId;
    const row = await store.findUser({ ...session, teamId });
    if (row === undefined) {
      throw guesses.onBad(context, sessionEnded());
    }
    limits.caller(context, row.user_id);
    return { row, sessionId: session.sessionId, teamId };
  };

  const toTeamCaller = (row: UserRow, sessionId: string): TeamCaller => {
    const team = toTeam(row);
    if (team === null) throw notAMember();
    return {
      ...team,
      userId: row.user_id,
      keyId: null,
      sessionId,
      isAdmin: row.is_admin,
      actor: userActor(row.user_id, row.name),
    };
  };

  const teamOfUser = async (context: Guarded, bearer: string | undefined): Promise<TeamCaller> => {
    const { row, sessionId, teamId } = await signedIn(context, bearer);
    if (teamId === null) throw forbidden("Choose a team first: this token has no team.", "no_team");
    return toTeamCaller(row, sessionId);
  };

  const teamOfKey = async (
    context: Guarded,
    text: string,
    access: KeyAccess & { method: string },
  ): Promise<TeamCaller> => {
    const hash = hashKey(text);
    guesses.refuseOver(context, hash);
    const row = hash === null ? undefined : await store.findKey(hash);
    const refused = refuseKey(row);
    if (hash === null || row === undefined || refused !== null) {
      throw guesses.onBad(context, refused ?? unknownKey(), hash);
    }
    guesses.onGood(hash);
    limits.caller(context, row.key_id);
    const caller = toKeyCaller(row, access);
    noteUse(row);
    return caller;
  };

  const renew: Guards["renew"] = async (caller, access) => {
    const { userId, teamId, keyId, sessionId } = caller;
    if (keyId !== null) {
      const row = await store.findKeyById(keyId);
      const refused = refuseKey(row);
      if (row === undefined || refused !== null) throw refused ?? unknownKey();
      return toKeyCaller(row, access);
    }
    if (sessionId === null) throw sessionEnded();
    const row = await store.findUser({ userId, sessionId, teamId });
    if (row === undefined) throw sessionEnded();
    return toTeamCaller(row, sessionId);
  };

  const renewAdmin: Guards["renewAdmin"] = async ({ userId, sessionId, teamId }) => {
    const row = await store.findUser({ userId, sessionId, teamId });
    if (row === undefined) throw sessionEnded();
    if (!row.is_admin) throw adminOnly();
    return toUserCaller(row, sessionId);
  };

  const authenticate: Guards["authenticate"] = (context, { apiKey, bearer }, access) =>
    apiKey === undefined ? teamOfUser(context, bearer) : teamOfKey(context, apiKey, access);

  // Of the context the doors take only what they use, by name: where it is handed on whole, the framework
  // prepares all of it, cookies and headers too, for each request of each route (2 to 7 % of a read's time).
  const user: Guards["user"] = async ({ request, set }) => {
    const { row, sessionId } = await signedIn({ request, set }, readBearer(request));
    return { caller: toUserCaller(row, sessionId) };
  };

  return {
    user,
    authenticate,
    renew,
    renewAdmin,
    team: async ({ request, set }) => ({ caller: await teamOfUser({ request, set }, readBearer(request)) }),
    member: async ({ request, set, params }) => {
      const readTeam = () => readId(parseTeamId, "id", params.id);
      const { row, sessionId } = await signedIn({ request, set }, readBearer(request), readTeam);
      if (row.team_id === null) throw teamNotFound();
      const caller = toTeamCaller(row, sessionId);
      return { caller, team: toOwnTeam(row, caller) };
    },
    keyOrTeam:
      (access) =>
      async ({ request, set }) => {
        const apiKey = request.headers.get("x-api-key") ?? undefined;
        const credentials = { apiKey, bearer: readBearer(request) };
        const wanted = { ...access, method: request.method };
        return { caller: await authenticate({ request, set }, credentials, wanted) };
      },
    admin: async ({ request, set }) => {
      const found = await user({ request, set });
      if (!found.caller.isAdmin) throw adminOnly();
      return found;
    },
    host: async ({ request, set }) => {
      const bearer = readBearer(request);
      const hostId = bearer === undefined ? null : await tokens.verifyHost(bearer);
      if (hostId === null) {
        throw guesses.onBad({ request, set }, unauthorized("The host's token is not valid. Refresh it."));
      }
      return { hostId };
    },
  };
};
