/** All SQL of what platform admins see of teams and decide about them. */
import type { Queryable, Tx } from "../../db/sql.ts";
import { ZERO_UUID } from "../../proto/ids.ts";

/** A team as platform admins see it. */
export interface AnyTeam {
  id: string;
  name: string;
  slug: string;
  isByoc: boolean;
  limits: Record<string, number>;
  createdAt: Date;
  owner: { userId: string; name: string; email: string } | null;
  memberCount: number;
  /** That exist, running and paused alike. */
  sandboxCount: number;
  hostCount: number;
}

const anyTeams = (sql: Queryable) => sql`
  select t.id, t.name, t.slug, t.is_byoc as "isByoc", t.limits, t.created_at as "createdAt",
    (select json_build_object('userId', u.id, 'name', u.name, 'email', u.email)
      from memberships m join users u on u.id = m.user_id
      where m.team_id = t.id and m.role = 'owner') as owner,
    (select count(*)::int from memberships m where m.team_id = t.id) as "memberCount",
    (select count(*)::int from sandboxes s
      where s.team_id = t.id and s.status not in ('stopped', 'error')) as "sandboxCount",
    (select count(*)::int from hosts h where h.team_id = t.id and h.deleted_at is null) as "hostCount"
  from teams t
  where t.deleted_at is null and t.id <> ${ZERO_UUID}`;

/** Every live team, newest first. @param search part of the name, in any case; null for all. */
export const listAllTeams = (
  sql: Queryable,
  page: { search: string | null; beforeId: string | null; limit: number },
): Promise<AnyTeam[]> => sql<AnyTeam[]>`
  ${anyTeams(sql)}
    and (${page.search}::text is null or strpos(lower(t.name), lower(${page.search})) > 0)
    and (${page.beforeId}::uuid is null or t.id < ${page.beforeId}::uuid)
  order by t.id desc limit ${page.limit}`;

export const findAnyTeam = async (sql: Queryable, id: string): Promise<AnyTeam | undefined> => {
  const [row] = await sql<AnyTeam[]>`${anyTeams(sql)} and t.id = ${id}`;
  return row;
};

export const findAnyTeams = (sql: Queryable, ids: readonly string[]): Promise<AnyTeam[]> =>
  sql<AnyTeam[]>`${anyTeams(sql)} and t.id = any(${[...ids]}::uuid[])`;

export const hasHosts = async (sql: Queryable, id: string): Promise<boolean> => {
  const [row] = await sql<{ found: boolean }[]>`
    select exists (select from hosts where team_id = ${id} and deleted_at is null) as found`;
  return row?.found === true;
};

export const setByoc = async (tx: Tx, team: { id: string; enabled: boolean }): Promise<void> => {
  await tx`update teams set is_byoc = ${team.enabled} where id = ${team.id}`;
};

export const setLimits = async (
  tx: Tx,
  team: { id: string; limits: Record<string, number> },
): Promise<void> => {
  await tx`update teams set limits = ${tx.json(team.limits)} where id = ${team.id}`;
};
