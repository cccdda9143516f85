/** All SQL of teams. */
import type { TeamRole } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";
import { newSlug } from "./names.ts";

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

export const insertMembership = async (
  tx: Queryable,
  membership: { teamId: string; userId: string; role: TeamRole; isDefault: boolean },
): Promise<void> => {
  await tx`
    insert into memberships (team_id, user_id, role, is_default)
    values (${membership.teamId}, ${membership.userId}, ${membership.role}, ${membership.isDefault})`;
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
