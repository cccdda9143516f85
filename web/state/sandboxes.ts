/** The team's sandboxes: the live ones, the ended ones, and what can be done to one. */
import { call } from "../api.ts";
import { ApiFailure } from "../api/failure.ts";
import type { Body, Item } from "../api/routes.ts";
import { randomName } from "../text/random-name.ts";
import { LiveList } from "./live-list.ts";

export type Sandbox = Item<"GET /v1/sandboxes">;
export type SandboxStatus = Sandbox["status"];
export type CreateSandbox = Body<"POST /v1/sandboxes">;

export const ENDED: readonly SandboxStatus[] = ["stopped", "error"];

export const hasEnded = ({ status }: Sandbox): boolean => ENDED.includes(status);

const newestFirst = (one: Sandbox, other: Sandbox): number =>
  other.created_at.localeCompare(one.created_at) || other.id.localeCompare(one.id);

const findSandbox = (id: string): Promise<Sandbox | null> =>
  call("GET /v1/sandboxes/:id", { params: { id } }).catch((error: unknown) => {
    if (error instanceof ApiFailure && error.status === 404) return null;
    throw error;
  });

const PAGE = 200;

const listOf = (options: { status?: string; most?: number; keeps: (sandbox: Sandbox) => boolean }) =>
  new LiveList<Sandbox>({
    kinds: ["sandbox"],
    page: (cursor) =>
      call("GET /v1/sandboxes", {
        query: { limit: Math.min(options.most ?? PAGE, PAGE), cursor, status: options.status },
      }),
    one: findSandbox,
    idOf: ({ id }) => id,
    compare: newestFirst,
    ...options,
  });

export const liveSandboxes = listOf({ keeps: (sandbox) => !hasEnded(sandbox) });

/** The newest thousand: older ones the audit trail tells of. */
export const endedSandboxes = listOf({ status: ENDED.join(","), most: 1_000, keeps: hasEnded });

/** The newest that ran and ended: whether there ever was one. */
export const stoppedSandboxes = listOf({
  status: "stopped",
  most: 1,
  keeps: ({ status }) => status === "stopped",
});

/** The one whose page is open, or was last. */
let opened: { id: string; list: LiveList<Sandbox> } | null = null;

/** One sandbox, as a list that holds nothing else: empty when it is not the team's any more. */
export const sandboxOf = (id: string): LiveList<Sandbox> => {
  if (opened?.id === id) return opened.list;
  const list = new LiveList<Sandbox>({
    kinds: ["sandbox"],
    page: async () => ({
      items: [await call("GET /v1/sandboxes/:id", { params: { id } })],
      next_cursor: null,
    }),
    one: findSandbox,
    idOf: (sandbox) => sandbox.id,
    concerns: (other) => other === id,
    keeps: (sandbox) => sandbox.id === id,
    compare: newestFirst,
  });
  opened = { id, list };
  return list;
};

/** All lists learn of an answer before its event comes. */
const learn = (sandbox: Sandbox): Sandbox => {
  for (const list of [liveSandboxes, endedSandboxes]) list.learn(sandbox);
  if (opened?.id === sandbox.id) opened.list.learn(sandbox);
  return sandbox;
};

export const createSandbox = async (body: CreateSandbox): Promise<Sandbox> =>
  learn(await call("POST /v1/sandboxes", { body, headers: { "idempotency-key": randomName() } }));

export const pauseSandbox = async (id: string): Promise<Sandbox> =>
  learn(await call("POST /v1/sandboxes/:id/pause", { params: { id } }));

/** @param cold boots it from its disk: what was kept of its memory is dropped. */
export const resumeSandbox = async (id: string, { cold = false } = {}): Promise<Sandbox> =>
  learn(await call("POST /v1/sandboxes/:id/resume", { params: { id }, body: { cold } }));

/** Counts as activity: its timeout starts over. */
export const pingSandbox = async (id: string): Promise<Sandbox> =>
  learn(await call("POST /v1/sandboxes/:id/ping", { params: { id } }));

/** Counted from now. */
export const setSandboxTimeout = async (
  id: string,
  body: Body<"POST /v1/sandboxes/:id/timeout">,
): Promise<Sandbox> => learn(await call("POST /v1/sandboxes/:id/timeout", { params: { id }, body }));

export const deleteSandbox = async (id: string): Promise<Sandbox> =>
  learn(await call("DELETE /v1/sandboxes/:id", { params: { id } }));

export const forkSandbox = async (id: string, count: number): Promise<Sandbox[]> => {
  const { items } = await call("POST /v1/sandboxes/:id/fork", { params: { id }, body: { count } });
  return items.map(learn);
};

export const snapshotSandbox = (id: string, name: string) =>
  call("POST /v1/snapshots", { body: { sandbox_id: id, ...(name !== "" && { name }) } });
