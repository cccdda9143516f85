/** Who is calling, as the guards read it from the database for each request. Ids are bare UUIDs. */
import type { ApiKeyScope, TeamRole } from "../../db/constants.ts";
import type { Actor } from "../audit/actor.ts";
import type { Limited } from "../rate-limits/rate-limits.ts";
import type { Team } from "../teams/team.ts";

/** A person with a live session. */
export interface UserCaller {
  userId: string;
  email: string;
  name: string;
  isAdmin: boolean;
  /** One per sign-in: the family of refresh tokens. */
  sessionId: string;
  /** The team the token was made for: a wish, no right. */
  teamId: string | null;
  /** In that team; null without one. */
  role: TeamRole | null;
  /** For audit rows. */
  actor: Actor;
}

/** A person or a key, acting in a live team it belongs to. */
export interface TeamCaller {
  teamId: string;
  teamName: string;
  isByoc: boolean;
  /** The team's own limits; an absent one is the instance's. */
  limits: Record<string, number>;
  /** Role of the person, or of the person who made the key. */
  role: TeamRole;
  /** The person, or the person who made the key. */
  userId: string;
  /** Null for a person. */
  keyId: string | null;
  /** Null for a key. */
  sessionId: string | null;
  /** Present for a person who is a platform admin; keys never are. */
  isAdmin: boolean;
  actor: Actor;
}

/** What a route asks of an API key. */
export interface KeyAccess {
  /** Each of these opens the route. */
  scopes: readonly Exclude<ApiKeyScope, "read">[];
  /** Whether `read` opens its GETs too. @default {true} */
  readable?: boolean;
}

/** What a guard looks at; what is left of the caller's limit goes to `set`. Elysia's context has both. */
export type Guarded = Limited;

export interface Credentials {
  apiKey?: string;
  bearer?: string;
}

/** The same on a route below one team. */
export interface GuardedTeam extends Guarded {
  /** `id`: the team's, as the client wrote it. */
  params: { id: string };
}

/**
 * One function per kind of door, for `.derive(…)` of a route plugin: it runs before validation, so a
 * stranger learns nothing about the body. Each throws the matching 401, 403 or 429 and costs one query at most.
 *
 * ```ts
 * new Elysia({ prefix: "/v1/sandboxes", normalize: false })
 *   .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
 *   .get("/", ({ caller }) => sandboxes.list(caller), { detail: { summary: "…", security: KEY_OR_TEAM } });
 * ```
 */
export interface Guards {
  user(context: Guarded): Promise<{ caller: UserCaller }>;
  /** A person only; a key is 401. 403 `no_team` without a team context, 403 `not_a_member` if it is gone. */
  team(context: Guarded): Promise<{ caller: TeamCaller }>;
  /**
   * A person in the team that the path names, whatever the token's own. 404 `team_not_found` when there is no
   * live team of that id, 403 `not_a_member`.
   */
  member(context: GuardedTeam): Promise<{ caller: TeamCaller; team: Team }>;
  /** `X-API-Key` first, else Bearer. */
  keyOrTeam(access: KeyAccess): (context: Guarded) => Promise<{ caller: TeamCaller }>;
  /** A person who is a platform admin now. */
  admin(context: Guarded): Promise<{ caller: UserCaller }>;
  /** An agent with its host's token. Whether the host still is one, the route's own query tells. */
  host(context: Guarded): Promise<{ hostId: string }>;
  /** The same check for credentials that came another way (the first message of a WebSocket). */
  authenticate(
    context: Guarded,
    credentials: Credentials,
    access: KeyAccess & { method: string },
  ): Promise<TeamCaller>;
  /**
   * The caller as the database has it now: for what outlives its request, a stream for one. A token's own end
   * is no end of the session. Throws as the guard did when the right is gone.
   */
  renew(caller: TeamCaller, access: KeyAccess & { method: string }): Promise<TeamCaller>;
  /** The same of a platform admin. Throws when they are none any more. */
  renewAdmin(caller: UserCaller): Promise<UserCaller>;
}
