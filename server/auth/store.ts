/** The guards' queries: each reads every right it gives, of all requests that came with it. */
import type { ApiKeyScope, TeamRole } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { inBatches } from "./batch.ts";
import { withinDeadline } from "./database-deadline.ts";

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

export interface SessionOfUser {
  userId: string;
  sessionId: string;
  /** The team to look at; null: none. */
  teamId: string | null;
}

/** Of enabled accounts with these live sessions, and their membership of the teams. */
const findUsers = async (sql: Sql, asked: readonly SessionOfUser[]): Promise<(UserRow | undefined)[]> => {
  const rows = await sql<(UserRow & { place: number })[]>`
    select asked.place, u.id as user_id, u.email, u.name, u.is_admin,
      t.id as team_id, t.name as team_name, t.is_byoc, t.limits, m.role,
      t.slug as team_slug, t.created_at as team_created_at, m.is_default, m.created_at as joined_at
    from unnest(${asked.map(({ userId }) => userId)}::uuid[], ${asked.map(({ sessionId }) => sessionId)}::uuid[],
      ${asked.map(({ teamId }) => teamId)}::uuid[]) with ordinality as asked (user_id, session_id, team_id, place)
    join users u on u.id = asked.user_id and u.disabled_at is null
    join sessions s on s.user_id = u.id and s.family_id = asked.session_id
      and s.rotated_at is null and s.revoked_at is null and s.expires_at > now()
    left join teams t on t.id = asked.team_id and t.deleted_at is null
    left join memberships m on m.team_id = t.id and m.user_id = u.id`;
  return inPlace(asked.length, rows);
};

const keyColumns = (sql: Sql) => sql`
  k.id as key_id, k.name, k.scopes, k.created_by as user_id, k.expires_at, k.last_used_at,
  u.disabled_at is not null as is_disabled,
  k.revoked_at is not null as is_revoked,
  coalesce(k.expires_at <= now(), false) as is_expired,
  t.id as team_id, t.name as team_name, t.is_byoc, t.limits, m.role`;

const withMaker = (sql: Sql) => sql`
  join users u on u.id = k.created_by
  left join (memberships m join teams t on t.id = m.team_id and t.deleted_at is null)
    on m.user_id = k.created_by and m.team_id = k.team_id`;

/** Keys in whatever state, with their makers' memberships of their teams. */
const findKeys = async (sql: Sql, hashes: readonly Buffer[]): Promise<(KeyRow | undefined)[]> => {
  const rows = await sql<(KeyRow & { place: number })[]>`
    select asked.place, ${keyColumns(sql)}
    from unnest(${hashes.map((hash) => hash.toString("hex"))}::text[]) with ordinality as asked (hash, place)
    join api_keys k on k.key_hash = decode(asked.hash, 'hex') ${withMaker(sql)}`;
  return inPlace(hashes.length, rows);
};

/** `place` counts from one. */
const inPlace = <Row extends { place: number }>(count: number, rows: readonly Row[]): (Row | undefined)[] => {
  const placed = Array<Row | undefined>(count).fill(undefined);
  for (const row of rows) placed[row.place - 1] = row;
  return placed;
};

export const createAuthStore = (sql: Sql) => ({
  /** An enabled account with this live session, and its membership of `teamId`. 503 when the database takes too long. */
  findUser: inBatches<SessionOfUser, UserRow>((asked) => withinDeadline(findUsers(sql, asked))),

  /** A key in whatever state, with its maker's membership of its team. 503 as above. */
  findKey: inBatches<Buffer, KeyRow>((hashes) => withinDeadline(findKeys(sql, hashes))),

  /** The same by its id. */
  findKeyById: (id: string): Promise<KeyRow | undefined> =>
    withinDeadline(
      sql<KeyRow[]>`select ${keyColumns(sql)} from api_keys k ${withMaker(sql)} where k.id = ${id}`,
    ).then(([row]) => row),

  /** Writes `last_used_at`, at most once a minute however many ask at once. */
  async touchKey(keyId: string): Promise<void> {
    await sql`
      update api_keys set last_used_at = now()
      where id = ${keyId} and (last_used_at is null or last_used_at < now() - interval '1 minute')`;
  },
});

export type AuthStore = ReturnType<typeof createAuthStore>;
