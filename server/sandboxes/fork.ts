/** Copies of a live sandbox: one stop of the source, which goes on as it was. */
import type { Tx } from "../../db/sql.ts";
import { whileAway } from "../../db/while-away.ts";
import type { ForkResult } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId, newId } from "../../proto/ids.ts";
import { record, recordAll } from "../audit/record.ts";
import { sandboxEvents } from "../audit/sandbox-events.ts";
import type { TeamCaller } from "../auth/context.ts";
import { readFailure, toClientError } from "../hosts/failures.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import { keepHost } from "../hosts/store.ts";
import { notAMember } from "../teams/errors.ts";
import { keepMembership } from "../teams/members-store.ts";
import { keepTemplate } from "../templates/store.ts";
import type { SandboxContext } from "./context.ts";
import { destroyOnHost, invalidState, requireSandbox, requireStatus } from "./host-calls.ts";
import { readState, toTimeout } from "./host-state.ts";
import { checkQuota } from "./limits.ts";
import type { PlacedSandbox, Sandbox } from "./sandbox.ts";
import { changeStatus } from "./status-store.ts";
import { TRANSITIONS } from "./status.ts";
import { findSandbox, insertSandboxes, lockUsage, touchPending } from "./store.ts";

/** What a source must be. */
const LIVE = "running or paused";

const insertChildren = (
  context: SandboxContext,
  { caller, source, ids }: { caller: TeamCaller; source: PlacedSandbox; ids: string[] },
  hostId: string,
): Promise<void> =>
  context.sql.begin(async (tx: Tx) => {
    const { teamId, actor } = caller;
    const count = ids.length;
    // Template and host outlive every sandbox that needs them: without one the source has ended too.
    const [role, ...kept] = await Promise.all([
      keepMembership(tx, caller),
      keepTemplate(tx, source.templateId),
      keepHost(tx, hostId),
    ]);
    if (role === null) throw notAMember();
    if (kept.includes(false)) throw invalidState(source.id, "stopped", LIVE);
    checkQuota(
      await lockUsage(tx, teamId),
      { sandboxes: count, vcpus: source.vcpus * count, memoryMb: source.memoryMb * count, pausedDiskMb: 0 },
      { own: caller.limits, instance: context.limits },
    );
    await insertSandboxes(
      tx,
      ids.map((id) => ({ ...source, id, hostId, createdBy: caller.userId })),
    );
    const forked = (id: string) =>
      sandboxEvents.forked({ teamId, actor, sandboxId: id, sourceId: source.id });
    await recordAll(tx, ids.map(forked));
  });

interface Child {
  id: string;
  caller: TeamCaller;
  endpoint: HostEndpoint;
}

const failChild = (
  context: SandboxContext,
  { id, caller: { teamId, actor } }: Child,
  reason: string,
): Promise<Sandbox | null> =>
  whileAway(() =>
    context.sql.begin(async (tx: Tx) => {
      const changed = await changeStatus(tx, { id, ...TRANSITIONS.startFailed, reason });
      if (changed) await record(tx, sandboxEvents.createFailed({ teamId, actor, sandboxId: id, reason }));
      return changed;
    }),
  );

const settleChild = async (
  context: SandboxContext,
  child: Child,
  result: ForkResult | undefined,
): Promise<Sandbox | null> => {
  const { id, caller, endpoint } = child;
  if (!result?.sandbox) return failChild(context, child, result?.error || "fork_failed");
  const state = readState(result.sandbox);
  const row = await whileAway(() =>
    changeStatus(context.sql, { id, ...TRANSITIONS.started, reason: "", ...state }),
  );
  if (row) return row;
  const now = await findSandbox(context.sql, { id, teamId: caller.teamId });
  // Deleted meanwhile, and the host is to follow; or a reconcile was faster.
  if (now?.status !== "running") void destroyOnHost(context, endpoint, id);
  return now;
};

/** How long the host may take, in ms: one stop of the source, then its children, several at a time. */
const deadlineMs = (count: number): number => 55_000 + count * 2_000;

/** Children that wait for their turn look forgotten to the reconcile unless someone says otherwise. */
const TOUCH_MS = 20_000;

const askHost = async (
  context: SandboxContext,
  source: PlacedSandbox,
  ids: string[],
  endpoint: HostEndpoint,
): Promise<ForkResult[]> => {
  const { sql, hosts, log, accessToken } = context;
  const touch = () =>
    touchPending(sql, ids).catch((error: unknown) =>
      log.warn("the children of a fork could not be touched", { error }),
    );
  const timer = setInterval(() => void touch(), TOUCH_MS);
  try {
    const request = {
      sandboxId: formatSandboxId(source.id),
      children: ids.map((id) => ({ sandboxId: formatSandboxId(id), accessToken: accessToken(id) })),
      timeout: toTimeout(source),
    };
    const timeoutMs = deadlineMs(ids.length);
    return (await hosts.client(endpoint).forkSandbox(request, { timeoutMs })).results;
  } finally {
    clearInterval(timer);
  }
};

/**
 * Answers when every child runs or has failed; a child that failed is in `error` with its reason.
 * @param request.timeoutSec of the children; the source's own when absent.
 * @throws ApiError 404, 409 invalid_state, 429 quota_exceeded, and when no child could be made, why.
 */
export const forkSandbox = async (
  context: SandboxContext,
  caller: TeamCaller,
  { id, count, timeoutSec }: { id: string; count: number; timeoutSec?: number },
): Promise<Sandbox[]> => {
  const found = await requireSandbox(context, { id, teamId: caller.teamId });
  const source = { ...found, timeoutSec: timeoutSec ?? found.timeoutSec };
  const endpoint = requireStatus(source, ["running", "paused"]);
  const ids = Array.from({ length: count }, newId);
  await insertChildren(context, { caller, source, ids }, endpoint.id);
  const children = ids.map((child) => ({ id: child, caller, endpoint }));
  const results = await askHost(context, source, ids, endpoint).catch(async (thrown: unknown) => {
    const failure = readFailure(thrown);
    const error = toClientError(failure);
    const reason = error.code === "agent_timeout" ? "fork_timed_out" : failure.code;
    await Promise.all(children.map((child) => failChild(context, child, reason)));
    if (failure.kind === "unknown") {
      for (const child of ids) void destroyOnHost(context, endpoint, child);
    }
    throw error;
  });
  const byId = new Map(results.map((result) => [result.sandboxId, result]));
  const settled = await Promise.all(
    children.map((child) => settleChild(context, child, byId.get(formatSandboxId(child.id)))),
  );
  return settled.filter((child) => child !== null);
};
