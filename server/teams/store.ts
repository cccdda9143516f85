/** All SQL of teams. Their people are `members-store.ts`. */
import type { TeamRole } from "../../db/constants.ts";
import type { Queryable, Tx } from "../../db/sql.ts";
import { ZERO_UUID } from "../../proto/ids.ts";
import { newSlug } from "./names.ts";
import type { Team } from "./team.ts";

const SLUG_ATTEMPTS = 5;

/** Makes a team with a slug that no team ever had. */
export const insertTeam = async (tx: Queryable, team: { id: string; name: string }): Promise<void> => {
  for (let attempt = 0; attempt < SLUG_ATTEMPTS; attempt += 1) {
    const rows = await tx`
      insert into teams (id, name, slug) values (${team.id}, ${team.name}, ${newSlug()})
      on conflict (slug) do nothing returning id`;
    if (rows.length === 1) return;
  }
  throw new Error(`no free slug in ${SLUG_ATTEMPTS} attempts`);
};

/** Undefined: no live team of that id. `role` null: not a member. */
export const findMembership = async (
  sql: Queryable,
  options: { teamId: string; userId: string },
): Promise<{ role: TeamRole | null } | undefined> => {
  const [row] = await sql<{ role: TeamRole | null }[]>`
    select m.role from teams t
    left join memberships m on m.team_id = t.id and m.user_id = ${options.userId}
    where t.id = ${options.teamId} and t.deleted_at is null`;
  return row;
};

const columns = (sql: Queryable) => sql`
  t.id, t.name, t.slug, t.is_byoc as "isByoc", t.limits, t.created_at as "createdAt",
  m.role, m.is_default as "isDefault", m.created_at as "joinedAt"`;

/** A live team the person is in. */
export const findTeam = async (
  sql: Queryable,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<Team | undefined> => {
  const [row] = await sql<Team[]>`
    select ${columns(sql)} from teams t join memberships m on m.team_id = t.id
    where t.id = ${teamId} and m.user_id = ${userId} and t.deleted_at is null`;
  return row;
};

/** Of any team, the platform's too; they never change. */
export const listSlugs = async (sql: Queryable, teamIds: readonly string[]): Promise<Map<string, string>> => {
  const rows = await sql<{ id: string; slug: string }[]>`
    select id, slug from teams where id = any(${[...teamIds]})`;
  return new Map(rows.map(({ id, slug }) => [id, slug]));
};

/** The live teams of a person, newest first. */
export const listTeams = (
  sql: Queryable,
  page: { userId: string; beforeId: string | null; limit: number },
): Promise<Team[]> => sql<Team[]>`
  select ${columns(sql)} from teams t join memberships m on m.team_id = t.id
  where m.user_id = ${page.userId} and t.deleted_at is null
    and (${page.beforeId}::uuid is null or t.id < ${page.beforeId}::uuid)
  order by t.id desc limit ${page.limit}`;

/** Serialises what one person founds until the transaction ends: how many live teams are theirs already. */
export const lockOwnedCount = async (tx: Tx, userId: string): Promise<number> => {
  await tx`select pg_advisory_xact_lock(hashtextextended(${`teams:${userId}`}, 0))`;
  const [row] = await tx<{ count: number }[]>`
    select count(*)::int as count from memberships m join teams t on t.id = m.team_id
    where m.user_id = ${userId} and m.role = 'owner' and t.deleted_at is null`;
  return row?.count ?? 0;
};

/**
 * A live team of people (the platform's is none), locked until the transaction ends: its name, its people and
 * whether it is there change one at a time. It waits for whatever is being put into the team, and keeps more
 * out; audit rows of others in the team go on, so nobody who holds one of its things waits for this.
 */
export const lockTeam = async (
  tx: Tx,
  id: string,
): Promise<{ name: string; isByoc: boolean } | undefined> => {
  const [row] = await tx<{ name: string; isByoc: boolean }[]>`
    select name, is_byoc as "isByoc" from teams
    where id = ${id} and id <> ${ZERO_UUID} and deleted_at is null for no key update`;
  return row;
};

/** Keeps the team as it is until the commit; false when it is deleted. */
export const keepTeam = async (tx: Tx, id: string): Promise<boolean> => {
  const rows = await tx`select id from teams where id = ${id} and deleted_at is null for share`;
  return rows.length === 1;
};

export const renameTeam = async (tx: Tx, { id, name }: { id: string; name: string }): Promise<void> => {
  await tx`update teams set name = ${name} where id = ${id}`;
};

/** Its slug stays taken, its rows stay where they point. Its keys end. */
export const markDeleted = async (tx: Tx, id: string): Promise<void> => {
  await tx`update teams set deleted_at = now() where id = ${id}`;
  await tx`update api_keys set revoked_at = now() where team_id = ${id} and revoked_at is null`;
};
