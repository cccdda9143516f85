/** What platform admins do with teams: see them all, let them bring hosts of their own, set their limits. */
import type { Sql, Tx } from "../../db/sql.ts";
import { isUuid } from "../../proto/ids.ts";
import { record } from "../audit/record.ts";
import { teamEvents } from "../audit/team-events.ts";
import type { UserCaller } from "../auth/context.ts";
import { adminOnly, conflict } from "../errors.ts";
import { decodeCursor, type Page, toPage } from "../http/cursors.ts";
import { keepAdmin } from "../users/administration-store.ts";
import {
  type AnyTeam,
  findAnyTeam,
  hasHosts,
  listAllTeams,
  setByoc,
  setLimits,
} from "./administration-store.ts";
import { teamNotFound } from "./errors.ts";
import { lockTeam } from "./store.ts";

type Admin = Pick<UserCaller, "userId" | "actor">;

const requireAny = async (sql: Sql, id: string): Promise<AnyTeam> => {
  const team = await findAnyTeam(sql, id);
  if (team === undefined) throw teamNotFound();
  return team;
};

export const createTeamAdministration = (sql: Sql) => ({
  async list(page: { search?: string; cursor?: string; limit: number }): Promise<Page<AnyTeam>> {
    const [beforeId = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, 1, isUuid);
    const rows = await listAllTeams(sql, { search: page.search ?? null, beforeId, limit: page.limit + 1 });
    return toPage(rows, page.limit, ({ id }) => [id]);
  },

  /**
   * Whether the team's sandboxes run on its own hosts, and only there. Sandboxes it has stay where they are.
   * @throws ApiError 404 `team_not_found`, 409 `team_has_hosts`.
   */
  async setByoc(
    { userId, actor }: Admin,
    { id, enabled }: { id: string; enabled: boolean },
  ): Promise<AnyTeam> {
    await sql.begin(async (tx: Tx) => {
      if (!(await keepAdmin(tx, userId))) throw adminOnly();
      // No host can be added while this is decided.
      const team = await lockTeam(tx, id);
      if (team === undefined) throw teamNotFound();
      if (team.isByoc === enabled) return;
      if (!enabled && (await hasHosts(tx, id))) {
        throw conflict("team_has_hosts", "The team has hosts of its own; delete them first.");
      }
      await setByoc(tx, { id, enabled });
      await record(tx, teamEvents.byocSet({ teamId: id, actor, enabled }));
    });
    return requireAny(sql, id);
  },

  /**
   * Replaces the team's own limits; what it has beyond them stays, and nothing more is let in.
   * @param limits by wire name; an absent one is the instance's.
   */
  async setLimits(
    { userId, actor }: Admin,
    { id, limits }: { id: string; limits: Record<string, number> },
  ): Promise<AnyTeam> {
    await sql.begin(async (tx: Tx) => {
      if (!(await keepAdmin(tx, userId))) throw adminOnly();
      if ((await lockTeam(tx, id)) === undefined) throw teamNotFound();
      await setLimits(tx, { id, limits });
      await record(tx, teamEvents.limitsSet({ teamId: id, actor, limits }));
    });
    return requireAny(sql, id);
  },
});

export type TeamAdministration = ReturnType<typeof createTeamAdministration>;
