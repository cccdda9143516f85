/** The person's teams. Emptied at each sign-in, so that nothing of an earlier session shows. */
import { call } from "../api.ts";
import { ApiFailure } from "../api/failure.ts";
import type { Item } from "../api/routes.ts";
import { session } from "./session.ts";
import { Store } from "./store.ts";

export type Team = Item<"GET /v1/teams">;

export type TeamsState =
  { kind: "loading" } | { kind: "failed"; failure: ApiFailure } | { kind: "ready"; teams: readonly Team[] };

export const teams = new Store<TeamsState>({ kind: "loading" });

let reading = 0;

export const resetTeams = (): void => {
  reading += 1;
  teams.set({ kind: "loading" });
};

export const loadTeams = async (): Promise<void> => {
  reading += 1;
  const mine = reading;
  try {
    const all: Team[] = [];
    let cursor: string | undefined;
    do {
      const page = await call("GET /v1/teams", { query: { limit: 200, cursor } });
      all.push(...page.items);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    if (mine === reading)
      teams.set({ kind: "ready", teams: all.sort((a, b) => a.name.localeCompare(b.name)) });
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    if (mine === reading) teams.set({ kind: "failed", failure: error });
  }
};

/** The team the session acts for; null while unknown, or when there is none. */
export const currentTeam = (): Team | null => {
  const { value } = teams;
  const teamId = session.person?.teamId ?? null;
  return value.kind === "ready" ? (value.teams.find(({ id }) => id === teamId) ?? null) : null;
};

export const createTeam = async (name: string): Promise<Team> => {
  const team = await call("POST /v1/teams", { body: { name } });
  await session.switchTeam(team.id);
  await loadTeams();
  return team;
};

export const renameTeam = async (id: string, name: string): Promise<void> => {
  await call("PATCH /v1/teams/:id", { params: { id }, body: { name } });
  await loadTeams();
};

/** Sign-ins start there from now on; this one stays where it is. */
export const setDefaultTeam = async (id: string): Promise<void> => {
  await call("PUT /v1/me/default-team", { body: { team_id: id } });
  await loadTeams();
};

/** The owner so far stays as an admin. */
export const transferTeam = async (id: string, userId: string): Promise<void> => {
  await call("POST /v1/teams/:id/transfer", { params: { id }, body: { user_id: userId } });
  await loadTeams();
};

/**
 * Ends the session's part in its team by `work`, and goes on in the next team: the session stays, and the server
 * says where to. Null: there is none left.
 */
const goOnWithout = async (work: () => Promise<void>): Promise<Team | null> => {
  await work();
  await session.renew();
  await loadTeams();
  return currentTeam();
};

export const leaveTeam = (id: string): Promise<Team | null> =>
  goOnWithout(() => call("POST /v1/teams/:id/leave", { params: { id } }));

export const deleteTeam = (id: string): Promise<Team | null> =>
  goOnWithout(() => call("DELETE /v1/teams/:id", { params: { id } }));
