/** Every team of the instance, for platform admins. */
import { call } from "../api.ts";
import type { Body, Item } from "../api/routes.ts";
import { adminEvents } from "./events.ts";
import { LiveList } from "./live-list.ts";

export type AnyTeam = Item<"GET /v1/admin/teams">;
export type Limits = Body<"PUT /v1/admin/teams/:id/limits">;

export const allTeams = new LiveList<AnyTeam>({
  events: adminEvents,
  kinds: ["team"],
  page: (cursor) => call("GET /v1/admin/teams", { query: { limit: 200, cursor } }),
  // Events bring the team as it is, or say that it is gone.
  one: () => Promise.resolve(null),
  idOf: ({ id }) => id,
  compare: (one, other) => one.name.localeCompare(other.name) || one.id.localeCompare(other.id),
});

/** Null for none, and for one that is not known here. */
export const nameOfTeam = (id: string | null): string | null => {
  const state = allTeams.state.value;
  return (state.kind === "ready" && state.items.find((team) => team.id === id)?.name) || null;
};

export const setByoc = async ({ id }: AnyTeam, enabled: boolean): Promise<void> =>
  allTeams.learn(await call("PUT /v1/admin/teams/:id/byoc", { params: { id }, body: { enabled } }));

/** @param limits all of its own; one that is null or left out is the instance's. */
export const setLimits = async ({ id }: AnyTeam, limits: Limits): Promise<void> =>
  allTeams.learn(await call("PUT /v1/admin/teams/:id/limits", { params: { id }, body: limits }));
