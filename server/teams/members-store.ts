/** All SQL of memberships. */
import type { TeamRole } from "../../db/constants.ts";
import type { Queryable, Tx } from "../../db/sql.ts";

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

/** Oldest account first: an order that no change of role or name disturbs. */
export const listMembers = (
  sql: Queryable,
  page: { teamId: string; afterId: string | null; limit: number },
): Promise<Member[]> => sql<Member[]>`
  select m.user_id as "userId", u.name, u.email, m.role, u.disabled_at is not null as "isDisabled",
    m.created_at as "joinedAt"
  from memberships m join users u on u.id = m.user_id
  where m.team_id = ${page.teamId}
    and (${page.afterId}::uuid is null or m.user_id > ${page.afterId}::uuid)
  order by m.user_id limit ${page.limit}`;

export const findMember = async (
  sql: Queryable,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<Member | undefined> => {
  const [row] = await sql<Member[]>`
    select m.user_id as "userId", u.name, u.email, m.role, u.disabled_at is not null as "isDisabled",
      m.created_at as "joinedAt"
    from memberships m join users u on u.id = m.user_id
    where m.team_id = ${teamId} and m.user_id = ${userId}`;
  return row;
};

/** Keeps the membership, and the live team, until the commit; false when either is gone. */
export const keepMembership = async (
  tx: Tx,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<boolean> => {
  const rows = await tx`
    select m.user_id from memberships m join teams t on t.id = m.team_id
    where m.team_id = ${teamId} and m.user_id = ${userId} and t.deleted_at is null
    for key share`;
  return rows.length === 1;
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

/** The team that this person's sign-ins start in. False when they are not in it (any more). */
export const setDefaultTeam = async (
  tx: Tx,
  { teamId, userId }: { teamId: string; userId: string },
): Promise<boolean> => {
  // One at a time: of two that choose at once the later wins, and there is never a second default.
  await tx`select id from users where id = ${userId} for no key update`;
  await tx`update memberships set is_default = false where user_id = ${userId} and is_default`;
  const rows = await tx`
    update memberships set is_default = true
    where user_id = ${userId} and team_id = ${teamId} returning team_id`;
  return rows.length === 1;
};
