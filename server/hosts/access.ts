/**
 * Whose hosts a person sees and may change: platform admins all of them, everyone those of the team they act
 * in, which its owner and admins change. For others a host is not there.
 */
import type { Sql, Tx } from "../../db/sql.ts";
import { formatHostId } from "../../proto/ids.ts";
import type { UserCaller } from "../auth/context.ts";
import { adminOnly, type ApiError, notFound } from "../errors.ts";
import { keepMembership } from "../teams/members-store.ts";
import { requireRole } from "../teams/roles.ts";
import { keepAdmin } from "../users/administration-store.ts";
import type { Host } from "./host.ts";
import { findHost } from "./store.ts";

type Viewer = Pick<UserCaller, "isAdmin" | "teamId" | "role">;

export const hostNotFound = (id: string): ApiError =>
  notFound("host_not_found", `There is no host ${formatHostId(id)} here.`);

const maySee = ({ isAdmin, teamId }: Viewer, host: Host): boolean =>
  isAdmin || (host.teamId !== null && host.teamId === teamId);

/** @throws ApiError 404 `host_not_found`. */
export const requireHost = async (sql: Sql, viewer: Viewer, id: string): Promise<Host> => {
  const host = await findHost(sql, id);
  if (!host || !maySee(viewer, host)) throw hostNotFound(id);
  return host;
};

/** @param what as in "Only … may {what}". @throws ApiError 404 `host_not_found`, 403 `role_required`. */
export const requireChangeable = async (
  sql: Sql,
  viewer: Viewer,
  { id, what }: { id: string; what: string },
): Promise<Host> => {
  const host = await requireHost(sql, viewer, id);
  if (!viewer.isAdmin) requireRole(viewer.role ?? "member", "admin", what);
  return host;
};

/** Who changes a host. */
export type Changer = Viewer & Pick<UserCaller, "userId" | "actor">;

/**
 * First in the transaction of a change, before the host's own lock: what the route allowed is still allowed,
 * until the commit.
 * @param teamId whose the host is or is to be; null for the platform's.
 * @throws ApiError 403 `role_required`, `admin_only`.
 */
export const keepRight = async (
  tx: Tx,
  changer: Changer,
  { teamId, what }: { teamId: string | null; what: string },
): Promise<void> => {
  if (changer.isAdmin && (await keepAdmin(tx, changer.userId))) return;
  if (teamId === null) throw adminOnly();
  const role = await keepMembership(tx, { teamId, userId: changer.userId });
  requireRole(role ?? "member", "admin", what);
};
