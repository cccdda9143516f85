/** Machines with an agent: the team's own, and for platform admins all of them. What can be done to one. */
import { call } from "../api.ts";
import { ApiFailure } from "../api/failure.ts";
import type { Answer, Body, Item } from "../api/routes.ts";
import { nameOfTeam } from "./all-teams.ts";
import { adminEvents } from "./events.ts";
import { LiveList } from "./live-list.ts";
import { session } from "./session.ts";

export type TeamHost = Item<"GET /v1/hosts">;
/** With the name of the team whose own it is. */
export type AnyHost = Item<"GET /v1/admin/hosts">;
/** One of either list. */
export type Host = TeamHost & { team_name?: string | null };
export type HostDetail = Answer<"GET /v1/hosts/:id">;
export type HostWork = HostDetail["work"][number];
export type NewHost = Body<"POST /v1/hosts">;
/** The token and the command that brings it; shown once. */
export type Registration = Answer<"POST /v1/hosts">["registration"];

const oldestFirst = (one: Host, other: Host): number =>
  one.created_at.localeCompare(other.created_at) || one.id.localeCompare(other.id);

const nullWhenGone = (error: unknown): null => {
  if (error instanceof ApiFailure && error.status === 404) return null;
  throw error;
};

export const readHost = (id: string): Promise<HostDetail> => call("GET /v1/hosts/:id", { params: { id } });

const findHost = (id: string): Promise<Host | null> => readHost(id).catch(nullWhenGone);

export const teamHosts = new LiveList<Host>({
  kinds: ["host"],
  page: (cursor) => call("GET /v1/hosts", { query: { limit: 200, cursor } }),
  one: findHost,
  idOf: ({ id }) => id,
  // Platform admins are told of the platform's too.
  keeps: ({ team_id: teamId }) => teamId !== null && teamId === session.person?.teamId,
  compare: oldestFirst,
});

export const allHosts = new LiveList<AnyHost>({
  events: adminEvents,
  kinds: ["host"],
  page: (cursor) => call("GET /v1/admin/hosts", { query: { limit: 200, cursor } }),
  // Events bring the host as it is, or say that it is gone.
  one: () => Promise.resolve(null),
  idOf: ({ id }) => id,
  compare: oldestFirst,
});

const LISTS = [teamHosts, allHosts];

/** @param answer what is new of it; the rest stays. It names no team, and may come after the event that does. */
const learn = (host: Host, answer: TeamHost): void => {
  const { team_name: teamName = nameOfTeam(host.team_id) } = host;
  teamHosts.learn({ ...host, ...answer });
  allHosts.learn({ ...host, ...answer, team_name: teamName });
};

export const createHost = async (body: NewHost): Promise<Answer<"POST /v1/hosts">> => {
  const made = await call("POST /v1/hosts", { body });
  learn(made.host, made.host);
  return made;
};

export const issueToken = ({ id }: Host): Promise<Registration> =>
  call("POST /v1/hosts/:id/token", { params: { id } });

/** @param pause also what runs on it. */
export const drainHost = async (host: Host, { pause }: { pause: boolean }): Promise<void> =>
  learn(host, await call("POST /v1/hosts/:id/drain", { params: { id: host.id }, body: { pause } }));

export const undrainHost = async (host: Host): Promise<void> =>
  learn(host, await call("POST /v1/hosts/:id/undrain", { params: { id: host.id } }));

/** Ids of the sandboxes that would end with it. */
export const previewDeletion = async ({ id }: Host): Promise<readonly string[]> =>
  (await call("GET /v1/hosts/:id/delete-preview", { params: { id } })).sandbox_ids;

/** @param force its sandboxes end first; without, it fails with `host_has_sandboxes` when there are some. */
export const deleteHost = async ({ id }: Host, { force }: { force: boolean }): Promise<void> => {
  await call("DELETE /v1/hosts/:id", { params: { id }, query: { force } }).catch(nullWhenGone);
  for (const list of LISTS) list.forget(id);
};
