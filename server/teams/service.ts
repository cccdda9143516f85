/** Teams: founded, seen, renamed, handed over. Ending one is `deletion.ts`, its people are `members.ts`. */
import type { Sql, Tx } from "../../db/sql.ts";
import { isUuid, newId } from "../../proto/ids.ts";
import { memberEvents } from "../audit/member-events.ts";
import { record } from "../audit/record.ts";
import { teamEvents } from "../audit/team-events.ts";
import type { TeamCaller, UserCaller } from "../auth/context.ts";
import { ApiError, conflict, notFound } from "../errors.ts";
import { decodeCursor, type Page, toPage } from "../http/cursors.ts";
import { keepAdmin } from "../users/administration-store.ts";
import { findUserById, lockUser } from "../users/store.ts";
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

  /** @throws ApiError 403 `role_required` below admin, 400 for a name the rule refuses. */
  async rename(caller: Pick<TeamCaller, "teamId" | "userId" | "actor">, wanted: string): Promise<Team> {
    const { teamId, actor } = caller;
    await sql.begin(async (tx: Tx) => {
      const team = await lockTeam(tx, teamId);
      if (team === undefined) throw teamNotFound();
      const own = await findMembership(tx, caller);
      if (!own?.role) throw notAMember();
      requireRole(own.role, "admin", "rename the team");
      const newName = readTeamName(wanted);
      if (team.name === newName) return;
      await renameTeam(tx, { id: teamId, name: newName });
      await record(tx, teamEvents.renamed({ teamId, actor, oldName: team.name, newName }));
    });
    return requireTeam(sql, caller);
  },

  /**
   * Makes a member the owner; the owner so far stays as an admin. A platform admin may do it too, with any
   * account: a team whose only person is gone must not be lost.
   * @throws ApiError 404 `team_not_found`, `member_not_found`, `user_not_found`; 403; 409 `user_disabled`.
   */
  async transfer(caller: UserCaller, { teamId, userId }: { teamId: string; userId: string }): Promise<void> {
    const { actor } = caller;
    await sql.begin(async (tx: Tx) => {
      if ((await lockTeam(tx, teamId)) === undefined) throw teamNotFound();
      const own = await findMembership(tx, { teamId, userId: caller.userId });
      const isOwner = own?.role === "owner";
      if (!isOwner && !(caller.isAdmin && (await keepAdmin(tx, caller.userId)))) {
        throw own?.role ? roleRequired("owner", "hand the team over") : notAMember();
      }
      const member = await findMember(tx, { teamId, userId });
      if (member === undefined && isOwner) throw memberNotFound();
      if (member?.role === "owner") return;
      const heir = await findUserById(tx, userId);
      if (heir === undefined) throw notFound("user_not_found", "There is no such account.");
      if (heir.is_disabled) throw conflict("user_disabled", "This account is disabled; choose someone else.");
      await demoteOwner(tx, teamId);
      if (member === undefined) {
        await insertMembership(tx, { teamId, userId, role: "owner", isDefault: false });
        await record(tx, memberEvents.added({ teamId, actor, userId, email: heir.email, role: "owner" }));
      } else {
        await setRole(tx, { teamId, userId, role: "owner" });
      }
      await record(tx, teamEvents.ownershipTransferred({ teamId, actor, newOwnerId: userId }));
    });
  },

  /** @throws ApiError 404 `team_not_found`, 403 `not_a_member`. */
  async setDefault({ userId }: Pick<UserCaller, "userId">, teamId: string): Promise<void> {
    await sql.begin(async (tx: Tx) => {
      await lockUser(tx, userId);
      const found = await findMembership(tx, { teamId, userId });
      if (found === undefined) throw teamNotFound();
      if (found.role === null || !(await setDefaultTeam(tx, { teamId, userId }))) throw notAMember();
    });
  },
});

export type TeamService = ReturnType<typeof createTeamService>;
