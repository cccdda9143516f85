/** The guards' queries: one per request, each reading every right it gives. */
import type { ApiKeyScope, TeamRole } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";

/** A team as a guard sees it; all null: no live team of that id. `role` null: not (or no longer) a member. */
interface TeamColumns {
  team_id: string | null;
  team_name: string | null;
  is_byoc: boolean | null;
  limits: Record<string, number> | null;
  role: TeamRole | null;
}

export interface UserRow extends TeamColumns {
  user_id: string;
  email: string;
  name: string;
  is_admin: boolean;
  team_slug: string | null;
  team_created_at: Date | null;
  is_default: boolean | null;
  joined_at: Date | null;
}

export interface KeyRow extends TeamColumns {
  key_id: string;
  name: string;
  scopes: ApiKeyScope[];
  user_id: string;
  is_disabled: boolean;
  is_revoked: boolean;
  expires_at: Date | null;
  is_expired: boolean;
  last_used_at: Date | null;
}

export const createAuthStore = (sql: Sql) => ({
  /** An enabled account with this live session, and its membership of `teamId`. */
  async findUser(session: {
    userId: string;
    sessionId: string;
    teamId: string | null;
  }): Promise<UserRow | undefined> {
    const [row] = await sql<UserRow[]>`
      select u.id as user_id, u.email, u.name, u.is_admin,
        t.id as team_id, t.name as team_name, t.is_byoc, t.limits, m.role,
        t.slug as team_slug, t.created_at as team_created_at, m.is_default, m.created_at as joined_at
      from users u
      join sessions s on s.user_id = u.id and s.family_id = ${session.sessionId}
        and s.rotated_at is null and s.revoked_at is null and s.expires_at > now()
      left join teams t on t.id = ${session.teamId} and t.deleted_at is null
      left join memberships m on m.team_id = t.id and m.user_id = u.id
      where u.id = ${session.userId} and u.disabled_at is null`;
    return row;
  },

  /** A key in whatever state, with its maker's membership of its team. */
  async findKey(by: { hash: Buffer } | { id: string }): Promise<KeyRow | undefined> {
    const [row] = await sql<KeyRow[]>`
      select k.id as key_id, k.name, k.scopes, k.created_by as user_id, k.expires_at, k.last_used_at,
        u.disabled_at is not null as is_disabled,
        k.revoked_at is not null as is_revoked,
        coalesce(k.expires_at <= now(), false) as is_expired,
        t.id as team_id, t.name as team_name, t.is_byoc, t.limits, m.role
      from api_keys k
      join users u on u.id = k.created_by
      left join (memberships m join teams t on t.id = m.team_id and t.deleted_at is null)
        on m.user_id = k.created_by and m.team_id = k.team_id
      where ${"hash" in by ? sql`k.key_hash = ${by.hash}` : sql`k.id = ${by.id}`}`;
    return row;
  },

  /** Writes `last_used_at`, at most once a minute however many ask at once. */
  async touchKey(keyId: string): Promise<void> {
    await sql`
      update api_keys set last_used_at = now()
      where id = ${keyId} and (last_used_at is null or last_used_at < now() - interval '1 minute')`;
  },
});

export type AuthStore = ReturnType<typeof createAuthStore>;
