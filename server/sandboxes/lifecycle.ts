/**
 * Pause, resume, delete, ping, timeout, network: each takes the row through its in-between status, asks the host,
 * and records the outcome. Where the host's answer is lost the row stays in between, marked for the
 * reconcile to find out; where the host surely did nothing, the row goes back.
 */
import type { Sql, Tx } from "../../db/sql.ts";
import { whileAway } from "../../db/while-away.ts";
import type { SandboxState } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import { SYSTEM } from "../audit/actor.ts";
import type { AuditEntry } from "../audit/entry.ts";
import { record } from "../audit/record.ts";
import { sandboxEvents } from "../audit/sandbox-events.ts";
import type { TeamCaller } from "../auth/context.ts";
import type { HostClient } from "../hosts/client-pool.ts";
import { answered, type HostFailure, readFailure, toClientError } from "../hosts/failures.ts";
import { UNANSWERED } from "../hosts/reconcile.ts";
import type { SandboxContext } from "./context.ts";
import { destroyOnHost, invalidState, requireSandbox, requireStatus, sandboxNotFound } from "./host-calls.ts";
import { readState, toNetworkPolicy, toTimeout } from "./host-state.ts";
import { checkQuota } from "./limits.ts";
import type { Network, Sandbox } from "./sandbox.ts";
import { changeStatus, explainStatus, statusOf } from "./status-store.ts";
import { isFinal, TRANSITIONS } from "./status.ts";
import { lockUsage, type SandboxRef, setNetworkOf, setTimeoutOf } from "./store.ts";

type Caller = Pick<TeamCaller, "teamId" | "actor">;
type Step = keyof typeof TRANSITIONS;

/** A step that takes the host some time. */
interface Operation {
  begun: Step;
  done: Step;
  failed: Step;
  /** What the step is called in a status reason. */
  name: string;
  /** Throws when the team may not, in the transaction that begins the step. */
  allow?: (tx: Tx, sandbox: Sandbox) => Promise<void>;
  call: (client: HostClient, sandbox: Sandbox) => Promise<{ sandbox?: SandboxState }>;
  /** What the row takes over with the outcome. */
  takes?: { timeoutSec?: number };
  event: (event: { teamId: string; actor: TeamCaller["actor"]; sandboxId: string }) => AuditEntry;
}

const tooLate = async (context: SandboxContext, id: string, wanted: string) => {
  const status = await statusOf(context.sql, id);
  return status ? invalidState(id, status, wanted) : sandboxNotFound(id);
};

/** The host did not do it, or nobody knows whether it did: then only asking it tells. */
const undo = async (
  sql: Sql,
  { sandbox, operation, failure }: { sandbox: Sandbox; operation: Operation; failure: HostFailure },
): Promise<void> => {
  const { id, expiresAt, memoryKept } = sandbox;
  if (failure.kind === "unknown") {
    await explainStatus(sql, { id, status: TRANSITIONS[operation.begun].to, reason: UNANSWERED });
    return;
  }
  const reason = `${operation.name}_failed: ${failure.code}`;
  await changeStatus(sql, { id, ...TRANSITIONS[operation.failed], reason, expiresAt, memoryKept });
};

const run = async (
  context: SandboxContext,
  { teamId, actor }: Caller,
  id: string,
  operation: Operation,
): Promise<Sandbox> => {
  const { sql, hosts } = context;
  const sandbox = await requireSandbox(context, { id, teamId });
  const begun = TRANSITIONS[operation.begun];
  const endpoint = requireStatus(sandbox, begun.from);
  const started = await sql.begin(async (tx: Tx) => {
    await operation.allow?.(tx, sandbox);
    return changeStatus(tx, { id, ...begun, reason: "" });
  });
  if (!started) throw await tooLate(context, id, begun.from.join(" or "));

  let state: SandboxState | undefined;
  try {
    state = (await operation.call(hosts.client(endpoint), sandbox)).sandbox;
  } catch (thrown) {
    const failure = readFailure(thrown);
    await whileAway(() => undo(sql, { sandbox, operation, failure }));
    throw toClientError(failure);
  }

  const done = TRANSITIONS[operation.done];
  const row = await whileAway(() =>
    sql.begin(async (tx: Tx) => {
      const change = { id, ...done, reason: "", ...operation.takes, ...readState(state) };
      const changed = await changeStatus(tx, change);
      if (changed) await record(tx, operation.event({ teamId, actor, sandboxId: id }));
      return changed;
    }),
  );
  if (row) return row;
  // Whoever was faster, a reconcile or a commit whose answer was lost: the outcome is what counts.
  const now = await requireSandbox(context, { id, teamId });
  if (now.status === done.to) return now;
  throw invalidState(id, now.status, begun.to);
};

/** Memory and disk kept (or the disk alone), nothing running. */
export const pauseSandbox = (
  context: SandboxContext,
  caller: Caller & Pick<TeamCaller, "limits">,
  { id, keepMemory }: { id: string; keepMemory: boolean },
): Promise<Sandbox> =>
  run(context, caller, id, {
    begun: "pauseBegun",
    done: "paused",
    failed: "pauseFailed",
    name: "pause",
    allow: async (tx, { diskSizeMb }) => {
      const limits = { own: caller.limits, instance: context.limits };
      checkQuota(await lockUsage(tx, caller.teamId), { pausedDiskMb: diskSizeMb }, limits);
    },
    call: (client) => client.pauseSandbox({ sandboxId: formatSandboxId(id), keepMemory }),
    event: sandboxEvents.paused,
  });

/**
 * Goes on where it was paused; from the disk alone when `cold`, or when no memory was kept.
 * @param request.timeoutSec replaces the sandbox's own.
 */
export const resumeSandbox = (
  context: SandboxContext,
  caller: Caller,
  { id, cold, timeoutSec }: { id: string; cold: boolean; timeoutSec?: number },
  event: Operation["event"] = sandboxEvents.resumed,
): Promise<Sandbox> =>
  run(context, caller, id, {
    begun: "resumeBegun",
    done: "resumed",
    failed: "resumeFailed",
    name: "resume",
    takes: { timeoutSec },
    call: (client, sandbox) =>
      client.resumeSandbox({
        sandboxId: formatSandboxId(id),
        accessToken: context.accessToken(id),
        cold,
        ...(timeoutSec === undefined ? {} : { timeout: toTimeout({ ...sandbox, timeoutSec }) }),
      }),
    event,
  });

/** The same because a request came for it, whoever sent that. */
export const resumeForTraffic = (context: SandboxContext, { id, teamId }: SandboxRef): Promise<Sandbox> =>
  resumeSandbox(context, { teamId, actor: SYSTEM }, { id, cold: false }, ({ sandboxId }) =>
    sandboxEvents.resumedBySystem({ teamId, sandboxId, reason: "traffic" }),
  );

/**
 * Legal in every status, and final at once: the host follows now, or when the reconcile next finds the
 * sandbox there. Deleting an ended sandbox changes nothing.
 */
export const deleteSandbox = async (
  context: SandboxContext,
  { teamId, actor }: Caller,
  id: string,
): Promise<Sandbox> => {
  const sandbox = await requireSandbox(context, { id, teamId });
  if (isFinal(sandbox.status)) return sandbox;
  const row = await context.sql.begin(async (tx: Tx) => {
    const changed = await changeStatus(tx, { id, ...TRANSITIONS.deleted, reason: "deleted" });
    if (changed) await record(tx, sandboxEvents.destroyed({ teamId, actor, sandboxId: id }));
    return changed;
  });
  // A pending one may have moved to another host since it was read.
  const { endpoint } = row ? await requireSandbox(context, { id, teamId }) : sandbox;
  if (endpoint) void destroyOnHost(context, endpoint, id);
  return row ?? requireSandbox(context, { id, teamId });
};

/** Counts as activity of a running sandbox. */
export const pingSandbox = async (
  context: SandboxContext,
  { teamId }: Caller,
  id: string,
): Promise<Sandbox> => {
  const sandbox = await requireSandbox(context, { id, teamId });
  const endpoint = requireStatus(sandbox, ["running"]);
  const client = context.hosts.client(endpoint);
  const { sandbox: state } = await answered(client.pingSandbox({ sandboxId: formatSandboxId(id) }));
  const { expiresAt, lastActiveAt } = readState(state);
  return { ...sandbox, expiresAt, lastActiveAt };
};

/** A new timeout, counted from now. */
export const setSandboxTimeout = async (
  context: SandboxContext,
  { teamId }: Caller,
  { id, timeoutSec, onTimeout }: { id: string; timeoutSec: number; onTimeout?: Sandbox["onTimeout"] },
): Promise<Sandbox> => {
  const sandbox = await requireSandbox(context, { id, teamId });
  const endpoint = requireStatus(sandbox, ["running", "paused"]);
  const wanted = { ...sandbox, timeoutSec, onTimeout: onTimeout ?? sandbox.onTimeout };
  const client = context.hosts.client(endpoint);
  const { sandbox: state } = await answered(
    client.updateSandbox({ sandboxId: formatSandboxId(id), timeout: toTimeout(wanted) }),
  );
  const row = await setTimeoutOf(context.sql, { ...wanted, ...readState(state) });
  return row ?? requireSandbox(context, { id, teamId });
};

/** Replaces the egress rules; a running sandbox has them at once. */
export const setSandboxNetwork = async (
  context: SandboxContext,
  { teamId }: Caller,
  { id, network }: { id: string; network: Network },
): Promise<Sandbox> => {
  const sandbox = await requireSandbox(context, { id, teamId });
  const client = context.hosts.client(requireStatus(sandbox, ["running", "paused"]));
  await answered(client.updateSandbox({ sandboxId: formatSandboxId(id), network: toNetworkPolicy(network) }));
  return (await setNetworkOf(context.sql, { id, network })) ?? requireSandbox(context, { id, teamId });
};
