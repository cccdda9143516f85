/** One host's round of the reconcile: ask it, compare with the rows, do what the table says. */
import { timestampDate } from "@bufbuild/protobuf/wkt";

import type { Sql } from "../../db/sql.ts";
import {
  type ListSandboxesResponse,
  type SandboxState,
  SandboxStatus as Status,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId, parseSandboxId } from "../../proto/ids.ts";
import { eachLimited } from "../../proto/limit.ts";
import type { Log } from "../log.ts";
import { noteActivity } from "../sandboxes/store.ts";
import { removeLeftovers } from "../templates/leftovers.ts";
import { settleUnfinished } from "../templates/unfinished.ts";
import type { HostClient, HostClientPool } from "./client-pool.ts";
import type { DrainCalls } from "./drain.ts";
import { endpointOf, type Host } from "./host.ts";
import { applyOutcome } from "./outcomes.ts";
import { keepStrangers } from "./quarantine.ts";
import { type HostedSandbox, listHosted, onlineNow } from "./reconcile-store.ts";
import { type Decision, type HostReport, reconcile } from "./reconcile.ts";
import { setReachable } from "./store.ts";
import { whyUnreachable } from "./unreachable.ts";

export interface ReconcileDeps {
  sql: Sql;
  hosts: HostClientPool;
  drains: DrainCalls;
  log: Log;
  /** How long a sandbox that the database does not know is kept. */
  quarantineMs: number;
}

/** How long a host may take to say what it holds, in ms. */
const LIST_MS = 10_000;
/** More than any machine runs. A team's host may say anything, and each one may cost a call and a row. */
const MAX_LISTED = 5_000;
/** Steps at once on one host. */
const ACT_AT_ONCE = 20;

const toReport = (state: SandboxState | undefined): HostReport => {
  switch (state?.status) {
    case undefined:
      return { kind: "absent" };
    case Status.RUNNING:
      return { kind: "running" };
    case Status.PAUSED:
      return { kind: "paused", memoryKept: state.memoryKept, reason: state.reason };
    case Status.ENDED:
      return { kind: "ended", reason: state.reason };
    // A status this server does not know is no ground to do anything.
    default:
      return { kind: "busy" };
  }
};

interface Round extends ReconcileDeps {
  host: Host;
  client: HostClient;
  askedAt: Date;
}

const act = async (
  { sql, client, host, askedAt, log }: Round,
  { id, row, decision }: { id: string; row: HostedSandbox | null; decision: Decision },
): Promise<void> => {
  const sandboxId = formatSandboxId(id);
  switch (decision.action) {
    case "set":
      if (row) await applyOutcome(sql, row, { decision, reportedAt: askedAt, hostId: host.id });
      return;
    case "destroy":
      await client.destroySandbox({ sandboxId });
      return;
    case "quarantine":
      if (!decision.pause) return;
      log.warn("a host runs a sandbox that the database does not know; it is paused and kept", {
        sandbox: sandboxId,
        host: host.name,
      });
      await client.pauseSandbox({ sandboxId, keepMemory: true });
      return;
    case "acknowledge":
    case "leave":
      return;
  }
};

const toActivity = (id: string, state: SandboxState | undefined) => ({
  id,
  expiresAt: state?.expiresAt ? timestampDate(state.expiresAt) : null,
  lastActiveAt: state?.lastActiveAt ? timestampDate(state.lastActiveAt) : null,
});

const compare = async (round: Round, states: SandboxState[]): Promise<void> => {
  const { sql, host, client, askedAt, log } = round;
  const reported = new Map<string, SandboxState>();
  for (const state of states) {
    const id = parseSandboxId(state.sandboxId);
    if (id) reported.set(id, state);
  }
  // Read after the host answered: whatever it holds had a row before.
  const rows = await listHosted(sql, { hostId: host.id, reportedIds: [...reported.keys()] });
  const byId = new Map(rows.map((row) => [row.id, row]));
  const decided = [...new Set([...reported.keys(), ...byId.keys()])].map((id) => {
    const row = byId.get(id) ?? null;
    const state = reported.get(id);
    const elsewhere = row !== null && row.hostId !== host.id;
    const decision: Decision = elsewhere ? { action: "leave" } : reconcile(row, toReport(state), askedAt);
    return { id, row, state, decision };
  });

  const results = await eachLimited(decided, ACT_AT_ONCE, (one) => act(round, one));
  for (const [index, result] of results.entries()) {
    if (result.status === "fulfilled") continue;
    const id = decided[index]?.id ?? "";
    log.warn("a step of the reconcile failed; the next round repeats it", {
      sandbox: formatSandboxId(id),
      host: host.name,
      error: result.reason,
    });
  }
  const ended = decided.filter(({ decision }) => decision.action === "acknowledge");
  if (ended.length > 0) {
    await client.acknowledgeEnded({ sandboxIds: ended.map(({ id }) => formatSandboxId(id)) });
  }
  const strangers = decided.filter(({ row, state }) => row === null && state?.status !== Status.ENDED);
  await keepStrangers(round, { host, strangers: strangers.map(({ id }) => id) });
  const running = decided.filter(
    ({ row, state }) =>
      row?.status === "running" && row.hostId === host.id && state?.status === Status.RUNNING,
  );
  await noteActivity(
    sql,
    { hostId: host.id, askedAt },
    running.map(({ id, state }) => toActivity(id, state)),
  );
};

/** Never throws: what fails is logged, and repeated by the next round. */
export const reconcileHost = async (deps: ReconcileDeps, host: Host): Promise<void> => {
  const { sql, hosts, log } = deps;
  const endpoint = endpointOf(host);
  if (!endpoint) return;
  const client = hosts.client(endpoint);
  try {
    const askedAt = await onlineNow(sql, host.id);
    if (!askedAt) return;
    let answer: ListSandboxesResponse;
    try {
      answer = await client.listSandboxes({}, { timeoutMs: LIST_MS });
    } catch (thrown) {
      const reason = whyUnreachable(endpoint, thrown);
      const isNews = await setReachable(sql, { id: host.id, from: ["online"], reachable: false, reason });
      if (isNews) log.warn("a host cannot be called", { host: host.name, error: thrown });
      return;
    }
    const { length: listed } = answer.sandboxes;
    if (listed > MAX_LISTED) {
      const reason = `the host lists ${listed} sandboxes; a list of more than ${MAX_LISTED} is not believed`;
      log.warn("a host lists more sandboxes than it can have", { host: host.name, listed });
      await setReachable(sql, { id: host.id, from: ["online"], reachable: false, reason });
      return;
    }
    await setReachable(sql, { id: host.id, from: ["online"], reachable: true, reason: "" });
    if (answer.draining !== host.draining || host.drainPauseDue) deps.drains.tell(host.id);
    await compare({ ...deps, host, client, askedAt }, answer.sandboxes);
    await settleUnfinished(sql, client, host.id);
    await removeLeftovers(deps, { hostId: host.id });
  } catch (error) {
    log.warn("reconciling a host failed; the next round repeats it", { host: host.name, error });
  }
};
