/**
 * The end of a team: one transaction in which its sandboxes, keys, templates and own hosts end with it. What
 * is left on hosts is removed after the commit; where that fails, or this process dies first, the hosts' next
 * reconcile finds ended sandboxes and deleted templates and removes them.
 */
import type { Tx } from "../../db/sql.ts";
import type { AuditEntry } from "../audit/entry.ts";
import { hostEvents } from "../audit/host-events.ts";
import { recordAll } from "../audit/record.ts";
import { snapshotEvents } from "../audit/sandbox-events.ts";
import { teamEvents } from "../audit/team-events.ts";
import type { TeamCaller } from "../auth/context.ts";
import type { HostDeps } from "../hosts/service.ts";
import { deleteHost, listHostsOf, lockHost } from "../hosts/store.ts";
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
  if ((await lockTeam(tx, teamId)) === undefined) throw teamNotFound();
  const own = await findMembership(tx, { teamId, userId });
  requireRole(own?.role ?? "member", "owner", "delete the team");

  // Hosts before what is on them, as their heartbeats do; the trail last, as everyone does.
  const hosts = await listHostsOf(tx, teamId);
  const entries: AuditEntry[] = [];
  for (const host of hosts) {
    if (!(await lockHost(tx, host.id))) continue;
    await deleteHost(tx, host.id);
    entries.push(hostEvents.deleted({ teamId, actor, hostId: host.id }));
  }
  const sandboxes = await listLive(tx, { teamId });
  entries.push(...(await endSandboxes(tx, { sandboxes, reason: "team_deleted" })));
  const templates = await listOwn(tx, teamId);
  for (const { id, name } of templates) {
    if (await deleteTemplate(tx, id)) entries.push(snapshotEvents.deleted({ teamId, actor, name }));
  }
  await markDeleted(tx, teamId);
  entries.push(teamEvents.deleted({ teamId, actor }), teamEvents.deletedForPlatform({ teamId, actor }));
  await recordAll(tx, entries);
  return { sandboxes, templateIds: templates.map(({ id }) => id), hostIds: hosts.map(({ id }) => id) };
};

/** Sandboxes ended on hosts at once. */
const CLEAR_AT_ONCE = 20;

/** A host keeps a template's files while a sandbox needs them, so the sandboxes go first. */
const clearHosts = async (deps: HostDeps, { sandboxes, templateIds, hostIds }: Leftover): Promise<void> => {
  const ends = sandboxes.flatMap(({ id, endpoint }) =>
    endpoint ? [() => destroyOnHost(deps, endpoint, id)] : [],
  );
  for (let next = 0; next < ends.length; next += CLEAR_AT_ONCE) {
    await Promise.all(ends.slice(next, next + CLEAR_AT_ONCE).map((end) => end()));
  }
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
