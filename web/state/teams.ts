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
