/**
 * The end of a team: one transaction in which its sandboxes, keys, templates and own hosts end with it. What
 * is left on hosts is removed after the commit; where that fails, or this process dies first, the hosts' next
 * reconcile finds ended sandboxes and deleted templates and removes them.
 */
import type { Tx } from "../../db/sql.ts";
import { record } from "../audit/record.ts";
import { snapshotEvents } from "../audit/sandbox-events.ts";
import { teamEvents } from "../audit/team-events.ts";
import type { TeamCaller } from "../auth/context.ts";
import { endHost, type HostDeps } from "../hosts/service.ts";
import { listHostsOf, lockHost } from "../hosts/store.ts";
import { type EndedSandbox, endSandboxes } from "../sandboxes/end-all.ts";
import { destroyOnHost } from "../sandboxes/host-calls.ts";
import { listLive } from "../sandboxes/store.ts";
import { removeLeftovers } from "../templates/leftovers.ts";
import { deleteTemplate, listOwn } from "../templates/store.ts";
import { teamNotFound } from "./errors.ts";
import { requireRole } from "./roles.ts";
import { findMembership, lockTeam, markDeleted } from "./store.ts";

type Owner = Pick<TeamCaller, "teamId" | "userId" | "actor">;

/** What is still on hosts when the transaction has ended. */
interface Leftover {
  sandboxes: EndedSandbox[];
  templateIds: string[];
  hostIds: string[];
}

const endAll = async (tx: Tx, { teamId, userId, actor }: Owner): Promise<Leftover> => {
  // Nothing can be put into the team from here to the commit, and nothing after it.
  if ((await lockTeam(tx, { id: teamId, exclusive: true })) === undefined) throw teamNotFound();
  const own = await findMembership(tx, { teamId, userId });
  requireRole(own?.role ?? "member", "owner", "delete the team");

  const sandboxes = await listLive(tx, { teamId });
  await endSandboxes(tx, { sandboxes, reason: "team_deleted" });
  const templates = await listOwn(tx, teamId);
  for (const { id, name } of templates) {
    await deleteTemplate(tx, id);
    await record(tx, snapshotEvents.deleted({ teamId, actor, name }));
  }
  const hosts = await listHostsOf(tx, teamId);
  for (const host of hosts) {
    if (await lockHost(tx, host.id)) await endHost(tx, { actor }, { host, sandboxes: [] });
  }
  await markDeleted(tx, teamId);
  await record(tx, teamEvents.deleted({ teamId, actor }));
  await record(tx, teamEvents.deletedForPlatform({ teamId, actor }));
  return { sandboxes, templateIds: templates.map(({ id }) => id), hostIds: hosts.map(({ id }) => id) };
};

/** A host keeps a template's files while a sandbox needs them, so the sandboxes go first. */
const clearHosts = async (deps: HostDeps, { sandboxes, templateIds, hostIds }: Leftover): Promise<void> => {
  await Promise.all(
    sandboxes.map(async ({ id, endpoint }) => {
      if (endpoint) await destroyOnHost(deps, endpoint, id);
    }),
  );
  for (const templateId of templateIds) await removeLeftovers(deps, { templateId });
  for (const hostId of hostIds) deps.hosts.evict(hostId);
};

/** Answers when it is true in the database; hosts follow. @throws ApiError 404, 403 `role_required`. */
export const deleteTeam = async (deps: HostDeps, owner: Owner): Promise<void> => {
  const leftover = await deps.sql.begin((tx: Tx) => endAll(tx, owner));
  clearHosts(deps, leftover).catch((error: unknown) =>
    deps.log.warn("hosts were not cleared of a deleted team; the reconcile goes on", { error }),
  );
};
