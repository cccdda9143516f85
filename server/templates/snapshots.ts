/** Snapshots: templates made from a live sandbox, which then goes on as it was. */
import { isUniqueViolation, type Sql, type Tx } from "../../db/sql.ts";
import { formatSandboxId, newId } from "../../proto/ids.ts";
import { record } from "../audit/record.ts";
import { snapshotEvents } from "../audit/sandbox-events.ts";
import type { TeamCaller } from "../auth/context.ts";
import { type ApiError, conflict, invalidRequest, notFound } from "../errors.ts";
import type { HostClientPool } from "../hosts/client-pool.ts";
import { readFailure, toClientError } from "../hosts/failures.ts";
import type { Log } from "../log.ts";
import { requireSandbox, requireStatus } from "../sandboxes/host-calls.ts";
import { notAMember } from "../teams/errors.ts";
import { keepMembership } from "../teams/members-store.ts";
import { removeLeftovers } from "./leftovers.ts";
import { autoName, isReserved, TEMPLATE_NAME } from "./names.ts";
import {
  completeSnapshot,
  deleteTemplate,
  findTemplate,
  insertSnapshot,
  isPlatformName,
  lockUsersOf,
  type Template,
} from "./store.ts";

export interface SnapshotDeps {
  sql: Sql;
  hosts: HostClientPool;
  log: Log;
}

type Caller = Pick<TeamCaller, "teamId" | "actor">;

export const templateNotFound = (name: string): ApiError =>
  notFound("template_not_found", `There is no template "${name}" in this team.`);

const nameTaken = (name: string): ApiError =>
  conflict(
    "template_name_taken",
    `The team already has a template "${name}"; choose another name or delete it.`,
  );

const checkName = async (sql: Sql, name: string): Promise<void> => {
  if (!TEMPLATE_NAME.test(name)) {
    throw invalidRequest(
      "name",
      "pattern",
      "name: letters, digits, dots, dashes and underscores; at most 64.",
    );
  }
  if (isReserved(name) || (await isPlatformName(sql, name))) {
    throw conflict("name_reserved", `The name "${name}" belongs to the platform; choose another.`);
  }
};

/** Undoes a snapshot that did not come about; its files, if any, follow. */
const abandon = async (deps: SnapshotDeps, id: string): Promise<void> => {
  await deps.sql.begin((tx: Tx) => deleteTemplate(tx, id));
  void removeLeftovers(deps, { templateId: id });
};

/**
 * Of a running or paused sandbox.
 * @param name null: `snapshot-` and 8 hex digits.
 * @throws ApiError 404, 409 invalid_state / template_name_taken / name_reserved, 507 disk_full, 504.
 */
export const createSnapshot = async (
  deps: SnapshotDeps,
  caller: Caller & Pick<TeamCaller, "userId">,
  { sandboxId, name: wanted }: { sandboxId: string; name: string | null },
): Promise<Template> => {
  const { sql, hosts } = deps;
  const { teamId, actor } = caller;
  const name = wanted ?? autoName();
  await checkName(sql, name);
  const sandbox = await requireSandbox(deps, { id: sandboxId, teamId });
  const endpoint = requireStatus(sandbox, ["running", "paused"]);
  const id = newId();
  const { vcpus, memoryMb, diskSizeMb } = sandbox;
  const hostId = endpoint.id;
  try {
    await sql.begin(async (tx: Tx) => {
      if ((await keepMembership(tx, caller)) === null) throw notAMember();
      await insertSnapshot(tx, { id, teamId, name, vcpus, memoryMb, diskSizeMb, hostId, sandboxId });
    });
  } catch (error) {
    throw isUniqueViolation(error, "templates_live_name") ? nameTaken(name) : error;
  }

  const client = hosts.client(endpoint);
  const request = {
    sandboxId: formatSandboxId(sandboxId),
    template: { teamId, templateId: id, template: name },
  };
  const { template: made } = await client.createSnapshot(request).catch(async (thrown: unknown) => {
    await abandon(deps, id);
    throw toClientError(readFailure(thrown));
  });
  await sql.begin(async (tx: Tx) => {
    const whole = await completeSnapshot(tx, {
      id,
      hostId,
      diskSizeMb: made?.diskSizeMb || diskSizeMb,
      sizeBytes: Number(made?.sizeBytes ?? 0n),
      runtimeId: made?.runtimeId ?? "",
    });
    if (!whole) throw templateNotFound(name);
    await record(tx, snapshotEvents.created({ teamId, actor, name }));
  });
  const template = await findTemplate(sql, { teamId, name });
  if (!template) throw templateNotFound(name);
  return template;
};

/**
 * The name is free at once; every host that holds the files removes them, now or when it is back.
 * @throws ApiError 404 template_not_found, 409 in_use with `sandbox_ids`.
 */
export const deleteSnapshot = async (
  deps: SnapshotDeps,
  { teamId, actor }: Caller,
  name: string,
): Promise<void> => {
  const { sql } = deps;
  const template = await findTemplate(sql, { teamId, name });
  if (!template || template.teamId !== teamId || template.type !== "snapshot") throw templateNotFound(name);
  await sql.begin(async (tx: Tx) => {
    const users = await lockUsersOf(tx, template.id);
    if (users.length > 0) {
      throw conflict("in_use", `Sandboxes made from "${name}" still exist; delete them first.`, {
        sandbox_ids: users.map(formatSandboxId),
      });
    }
    if (!(await deleteTemplate(tx, template.id))) throw templateNotFound(name);
    await record(tx, snapshotEvents.deleted({ teamId, actor, name }));
  });
  void removeLeftovers(deps, { templateId: template.id });
};
