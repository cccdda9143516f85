/** Teams: founded, seen, renamed, handed over. Ending one is `deletion.ts`, its people are `members.ts`. */
import type { Sql, Tx } from "../../db/sql.ts";
import { isUuid, newId } from "../../proto/ids.ts";
import { record } from "../audit/record.ts";
import { teamEvents } from "../audit/team-events.ts";
import type { TeamCaller, UserCaller } from "../auth/context.ts";
import { ApiError, conflict } from "../errors.ts";
import { decodeCursor, type Page, toPage } from "../http/cursors.ts";
import { memberNotFound, notAMember, roleRequired, teamNotFound } from "./errors.ts";
import { demoteOwner, findMember, insertMembership, setDefaultTeam, setRole } from "./members-store.ts";
import { readTeamName } from "./names.ts";
import { requireRole } from "./roles.ts";
import {
  findMembership,
  findTeam,
  insertTeam,
  listTeams,
  lockOwnedCount,
  lockTeam,
  renameTeam,
} from "./store.ts";
import type { Team } from "./team.ts";

/** Each team has limits of its own, so there is one on how many a person may found. */
const MAX_OWNED_TEAMS = 20;

type Founder = Pick<UserCaller, "userId" | "actor">;

const requireTeam = async (sql: Sql, of: { teamId: string; userId: string }): Promise<Team> => {
  const team = await findTeam(sql, of);
  if (team === undefined) throw teamNotFound();
  return team;
};

export const createTeamService = (sql: Sql) => ({
  /** @throws ApiError 400 for a name the rule refuses, 429 `quota_exceeded`. */
  async create({ userId, actor }: Founder, wanted: string): Promise<Team> {
    const name = readTeamName(wanted);
    const teamId = newId();
    await sql.begin(async (tx: Tx) => {
      const owned = await lockOwnedCount(tx, userId);
      if (owned >= MAX_OWNED_TEAMS) {
        throw new ApiError(
          429,
          "quota_exceeded",
          `You own ${owned} teams and may own ${MAX_OWNED_TEAMS}. Delete one, or hand one over.`,
          { details: { limit: "teams", max: MAX_OWNED_TEAMS, used: owned } },
        );
      }
      await insertTeam(tx, { id: teamId, name });
      await insertMembership(tx, { teamId, userId, role: "owner", isDefault: false });
      await record(tx, teamEvents.created({ teamId, actor }));
    });
    return requireTeam(sql, { teamId, userId });
  },

  async list(userId: string, page: { cursor?: string; limit: number }): Promise<Page<Team>> {
    const [beforeId = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, 1, isUuid);
    const rows = await listTeams(sql, { userId, beforeId, limit: page.limit + 1 });
    return toPage(rows, page.limit, ({ id }) => [id]);
  },

  get: (caller: Pick<TeamCaller, "teamId" | "userId">): Promise<Team> => requireTeam(sql, caller),

  /** @throws ApiError 403 `role_required` below admin, 400 for a name the rule refuses. */
  async rename(caller: TeamCaller, wanted: string): Promise<Team> {
    const { teamId, actor } = caller;
    requireRole(caller.role, "admin", "rename the team");
    const newName = readTeamName(wanted);
    await sql.begin(async (tx: Tx) => {
      const team = await lockTeam(tx, { id: teamId });
      if (team === undefined) throw teamNotFound();
      if (team.name === newName) return;
      await renameTeam(tx, { id: teamId, name: newName });
      await record(tx, teamEvents.renamed({ teamId, actor, oldName: team.name, newName }));
    });
    return requireTeam(sql, caller);
  },

  /**
   * Makes a member the owner; the owner so far stays as an admin. By the owner, or by a platform admin for
   * a team whose owner is gone.
   * @throws ApiError 404 `team_not_found`, `member_not_found`; 403; 409 `user_disabled`.
   */
  async transfer(caller: UserCaller, { teamId, userId }: { teamId: string; userId: string }): Promise<void> {
    await sql.begin(async (tx: Tx) => {
      if ((await lockTeam(tx, { id: teamId })) === undefined) throw teamNotFound();
      const own = await findMembership(tx, { teamId, userId: caller.userId });
      if (!caller.isAdmin && !own?.role) throw notAMember();
      if (!caller.isAdmin && own?.role !== "owner") throw roleRequired("owner", "hand the team over");
      const heir = await findMember(tx, { teamId, userId });
      if (heir === undefined) throw memberNotFound();
      if (heir.isDisabled) throw conflict("user_disabled", "This account is disabled; choose someone else.");
      if (heir.role === "owner") return;
      await demoteOwner(tx, teamId);
      await setRole(tx, { teamId, userId, role: "owner" });
      await record(tx, teamEvents.ownershipTransferred({ teamId, actor: caller.actor, newOwnerId: userId }));
    });
  },

  /** @throws ApiError 404 `team_not_found`, 403 `not_a_member`. */
  async setDefault({ userId }: Pick<UserCaller, "userId">, teamId: string): Promise<void> {
    await sql.begin(async (tx: Tx) => {
      const found = await findMembership(tx, { teamId, userId });
      if (found === undefined) throw teamNotFound();
      if (found.role === null || !(await setDefaultTeam(tx, { teamId, userId }))) throw notAMember();
    });
  },
});

export type TeamService = ReturnType<typeof createTeamService>;
