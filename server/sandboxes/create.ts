/**
 * Making a sandbox: a `pending` row and its audit entry in one transaction, the host's work, and the
 * outcome in another. If the server dies in between, the reconcile finds the truth on the host.
 */
import type { TimeoutAction, TimeoutKind } from "../../db/constants.ts";
import type { Tx } from "../../db/sql.ts";
import { whileAway } from "../../db/while-away.ts";
import type { SandboxState } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { formatSandboxId, newId } from "../../proto/ids.ts";
import { record } from "../audit/record.ts";
import { sandboxEvents } from "../audit/sandbox-events.ts";
import type { TeamCaller } from "../auth/context.ts";
import { ApiError, notFound, unavailable } from "../errors.ts";
import { HostChooser } from "../hosts/chooser.ts";
import { anotherHostMay, type HostFailure, readFailure, toClientError } from "../hosts/failures.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import { keepHost } from "../hosts/store.ts";
import { notAMember } from "../teams/errors.ts";
import { keepMembership } from "../teams/members-store.ts";
import type { TemplateRef } from "../templates/names.ts";
import { findTemplate, keepTemplate, type Template } from "../templates/store.ts";
import type { SandboxContext } from "./context.ts";
import { bringElsewhere, chooseFirst } from "./first-host.ts";
import { destroyOnHost, invalidState, sandboxNotFound } from "./host-calls.ts";
import { readState, toNetworkPolicy, toTimeout } from "./host-state.ts";
import { checkQuota } from "./limits.ts";
import type { Network, Sandbox } from "./sandbox.ts";
import { changeStatus } from "./status-store.ts";
import { TRANSITIONS } from "./status.ts";
import { findSandbox, insertSandboxes, lockUsage, moveToHost } from "./store.ts";

/** What a client asks for; what is absent is the template's. */
export interface CreateRequest {
  template: TemplateRef;
  vcpus?: number;
  memoryMb?: number;
  diskSizeMb?: number;
  timeoutKind: TimeoutKind;
  timeoutSec: number;
  onTimeout: TimeoutAction;
  keepMemoryOnTimeout: boolean;
  autoResume: boolean;
  metadata: Record<string, string>;
  /** Given to the host, never stored. */
  envs: Record<string, string>;
  network: Network;
  publicPorts: boolean;
}

const templateNotFound = (name: string): ApiError =>
  notFound("template_not_found", `There is no template "${name}" in this team or on the platform.`);

const hostsChanged = (): ApiError =>
  unavailable("no_hosts_available", "The chosen host was removed just now. Try again.");

interface Order {
  id: string;
  caller: TeamCaller;
  template: Template;
  sandbox: Required<Omit<CreateRequest, "template">>;
}

const insertPending = async (context: SandboxContext, order: Order, hostId: string): Promise<void> => {
  const { id, caller, template, sandbox } = order;
  const { teamId, actor } = caller;
  await context.sql.begin(async (tx: Tx) => {
    // What it needs outlives it from here on; asked in one round trip.
    const [role, hasTemplate, hasHost] = await Promise.all([
      keepMembership(tx, caller),
      keepTemplate(tx, template.id),
      keepHost(tx, hostId),
    ]);
    if (role === null) throw notAMember();
    if (!hasTemplate) throw templateNotFound(template.name);
    if (!hasHost) throw hostsChanged();
    checkQuota(
      await lockUsage(tx, teamId),
      { sandboxes: 1, vcpus: sandbox.vcpus, memoryMb: sandbox.memoryMb, pausedDiskMb: 0 },
      { own: caller.limits, instance: context.limits },
    );
    await insertSandboxes(tx, [
      {
        ...sandbox,
        id,
        teamId,
        hostId,
        templateId: template.id,
        templateName: template.name,
        createdBy: caller.userId,
      },
    ]);
    await record(tx, sandboxEvents.created({ teamId, actor, sandboxId: id, template: template.name }));
  });
};

const askHost = async (
  context: SandboxContext,
  order: Order,
  endpoint: HostEndpoint,
): Promise<SandboxState | undefined> => {
  const { id, template, sandbox, caller } = order;
  const answer = await context.hosts.client(endpoint).createSandbox({
    sandboxId: formatSandboxId(id),
    template: { teamId: template.teamId, templateId: template.id },
    vcpus: sandbox.vcpus,
    memoryMb: sandbox.memoryMb,
    diskSizeMb: sandbox.diskSizeMb,
    timeout: toTimeout(sandbox),
    network: toNetworkPolicy(sandbox.network),
    envs: sandbox.envs,
    accessToken: context.accessToken(id),
    teamId: caller.teamId,
  });
  return answer.sandbox;
};

/** Records a create that did not work, and has whatever came up destroyed. */
const fail = async (
  context: SandboxContext,
  { id, caller }: Order,
  endpoint: HostEndpoint,
  failure: HostFailure,
): Promise<ApiError> => {
  const { teamId, actor } = caller;
  const error = toClientError(failure);
  const reason = error.code === "agent_timeout" ? "create_timed_out" : failure.code;
  const settle = async (tx: Tx): Promise<void> => {
    const changed = await changeStatus(tx, { id, ...TRANSITIONS.startFailed, reason });
    if (changed) await record(tx, sandboxEvents.createFailed({ teamId, actor, sandboxId: id, reason }));
  };
  await whileAway(() => context.sql.begin(settle));
  if (failure.kind !== "unreachable") void destroyOnHost(context, endpoint, id);
  return error;
};

/** The sandbox runs on the host; its row says so unless something else happened to it meanwhile. */
const finish = async (
  context: SandboxContext,
  { id, caller }: Order,
  endpoint: HostEndpoint,
  state: SandboxState | undefined,
): Promise<Sandbox> => {
  const { expiresAt, lastActiveAt } = readState(state);
  const change = { id, ...TRANSITIONS.started, reason: "", expiresAt, lastActiveAt };
  const row = await whileAway(() => changeStatus(context.sql, change));
  if (row) return row;
  const now = await findSandbox(context.sql, { id, teamId: caller.teamId });
  if (now?.status === "running") return now;
  void destroyOnHost(context, endpoint, id);
  throw now ? invalidState(id, now.status, "pending") : sandboxNotFound(id);
};

/** What is worth a line in the audit trail though no sandbox came of it: limits met, not mistakes. */
const isNotable = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.status === 429 || error.code === "no_hosts_available");

/** The row, and the host it is to be made on. */
const begin = async (context: SandboxContext, order: Order, chooser: HostChooser): Promise<HostEndpoint> => {
  const { id: sandboxId, caller } = order;
  const { teamId, actor } = caller;
  try {
    const first = await chooseFirst(context, order.template, chooser);
    await insertPending(context, order, first.id);
    return first;
  } catch (error) {
    if (isNotable(error)) {
      context.audit.record(sandboxEvents.createFailed({ teamId, actor, sandboxId, reason: error.code }));
    }
    throw error;
  }
};

/** Asks hosts in turn while they refuse for lack of room, files or connection. */
const runSomewhere = async (
  context: SandboxContext,
  order: Order,
  { chooser, first }: { chooser: HostChooser; first: HostEndpoint },
): Promise<{ endpoint: HostEndpoint; state: SandboxState | undefined }> => {
  for (let endpoint = first; ;) {
    try {
      return { endpoint, state: await askHost(context, order, endpoint) };
    } catch (thrown) {
      const failure = readFailure(thrown);
      const next = anotherHostMay(failure) ? await chooser.another() : null;
      const moved = next && (await moveToHost(context.sql, { id: order.id, hostId: next.id }));
      if (!next) await bringElsewhere(context, order.template, chooser, failure);
      if (!next || !moved) throw await fail(context, order, endpoint, failure);
      endpoint = next;
    }
  }
};

/**
 * Answers when the sandbox runs and can take a command.
 * @throws ApiError 404 template_not_found, 400 a size beyond every host, 429 quota_exceeded,
 *   503 no_hosts_available / template_copying, 504 agent_timeout, 507 disk_full, 502 agent_error.
 */
export const createSandbox = async (
  context: SandboxContext,
  caller: TeamCaller,
  request: CreateRequest,
): Promise<Sandbox> => {
  const { teamId, isByoc } = caller;
  const { template: ref, ...wanted } = request;
  const template = await findTemplate(context.sql, { ...ref, teamId });
  if (!template) throw templateNotFound(ref.name);
  const { vcpus = template.vcpus, memoryMb = template.memoryMb } = wanted;
  const diskSizeMb = wanted.diskSizeMb ?? template.diskSizeMb;
  const sandbox = { ...wanted, vcpus, memoryMb, diskSizeMb };
  const order: Order = { id: newId(), caller, template, sandbox };
  const placement = { team: { id: teamId, isByoc }, vcpus, memoryMb, diskSizeMb };
  const runtimeId = template.type === "snapshot" ? template.runtimeId : null;
  const chooser = new HostChooser(context, template.id, { ...placement, runtimeId });

  const first = await begin(context, order, chooser);
  const { endpoint, state } = await runSomewhere(context, order, { chooser, first });
  return finish(context, order, endpoint, state);
};
