/** All SQL of memberships. */
import type { TeamRole } from "../../db/constants.ts";
import type { Queryable, Tx } from "../../db/sql.ts";
import { keepTeam } from "./store.ts";

/** Ids are bare UUIDs. */
export interface Member {
  userId: string;
  name: string;
  email: string;
  role: TeamRole;
  isDisabled: boolean;
  joinedAt: Date;
}

export const insertMembership = async (
  tx: Queryable,
  membership: { teamId: string; userId: string; role: TeamRole; isDefault: boolean },
): Promise<void> => {
  await tx`
    insert into memberships (team_id, user_id, role, is_default)
    values (${membership.teamId}, ${membership.userId}, ${membership.role}, ${membership.isDefault})`;
};

const columns = (sql: Queryable) => sql`
  m.user_id as "userId", u.name, u.email, m.role, u.disabled_at is not null as "isDisabled",
  m.created_at as "joinedAt"`;

const members = (sql: Queryable, teamId: string) => sql`
  select ${columns(sql)} from memberships m join users u on u.id = m.user_id where m.team_id = ${teamId}`;

/** Oldest account first: an order that no change of role or name disturbs. */
export const listMembers = (
  sql: Queryable,
  page: { teamId: string; afterId: string | null; limit: number },
): Promise<Member[]> => sql<Member[]>`
  ${members(sql, page.teamId)}
    and (${page.afterId}::uuid is null or m.user_id > ${page.afterId}::uuid)
  order by m.user_id limit ${page.limit}`;

export const findMember = async (
  sql: Queryable,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<Member | undefined> => {
  const [row] = await sql<Member[]>`${members(sql, teamId)} and m.user_id = ${userId}`;
  return row;
};

/**
 * Keeps the live team and its people as they are until the commit: what a guard allowed is still allowed. The
 * role; null when team or membership is gone. One round trip, in this order: memberships change under the
 * team's lock, so who waits for it reads them after.
 */
export const keepMembership = async (
  tx: Tx,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<TeamRole | null> => {
  const [isLive, [row]] = await Promise.all([
    keepTeam(tx, teamId),
    tx<{ role: TeamRole }[]>`
      select role from memberships where team_id = ${teamId} and user_id = ${userId}`,
  ]);
  return isLive ? (row?.role ?? null) : null;
};

export const setRole = async (
  tx: Tx,
  membership: { teamId: string; userId: string; role: TeamRole },
): Promise<void> => {
  await tx`
    update memberships set role = ${membership.role}
    where team_id = ${membership.teamId} and user_id = ${membership.userId}`;
};

/** Makes the owner an admin, in the transaction that makes another one owner. */
export const demoteOwner = async (tx: Tx, teamId: string): Promise<void> => {
  await tx`update memberships set role = 'admin' where team_id = ${teamId} and role = 'owner'`;
};

/**
 * Ends a membership, and for good the keys its person made: a person who is added again does not find
 * them working. Resolves to how many there were.
 */
export const deleteMembership = async (
  tx: Tx,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<number> => {
  await tx`delete from memberships where team_id = ${teamId} and user_id = ${userId}`;
  const revoked = await tx`
    update api_keys set revoked_at = now()
    where team_id = ${teamId} and created_by = ${userId} and revoked_at is null returning id`;
  return revoked.length;
};

/**
 * The team that this person's sign-ins start in; the caller holds the account's lock, as two who choose at
 * once would make two defaults. False when they are not in it (any more).
 */
export const setDefaultTeam = async (
  tx: Tx,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<boolean> => {
  await tx`update memberships set is_default = false where user_id = ${userId} and is_default`;
  const rows = await tx`
    update memberships set is_default = true
    where user_id = ${userId} and team_id = ${teamId} returning team_id`;
  return rows.length === 1;
};

/** People in teams, of any pairs of the two; those that are members. */
export const findMembers = (
  sql: Queryable,
  pairs: readonly { teamId: string; userId: string }[],
): Promise<(Member & { teamId: string })[]> => sql<(Member & { teamId: string })[]>`
  select m.team_id as "teamId", ${columns(sql)} from memberships m join users u on u.id = m.user_id
  where (m.team_id, m.user_id) in (
    select * from unnest(
      ${pairs.map(({ teamId }) => teamId)}::uuid[], ${pairs.map(({ userId }) => userId)}::uuid[]))`;
