/** Which role may do what in a team. Pure: the roles come from the database, read for this request. */
import type { TeamRole } from "../../db/constants.ts";
import type { ApiError } from "../errors.ts";
import { ownerProtected, roleRequired } from "./errors.ts";

const RANK: Record<TeamRole, number> = { member: 0, admin: 1, owner: 2 };

export const isAtLeast = (role: TeamRole, least: TeamRole): boolean => RANK[role] >= RANK[least];

/** Throws 403 `role_required` for a lesser role. @param what as in "Only … may {what}". */
export const requireRole = (role: TeamRole, least: "admin" | "owner", what: string): void => {
  if (!isAtLeast(role, least)) throw roleRequired(least, what);
};

/** Why `actor` may not change or end the membership of someone who is `target`, or null. */
export const refuseMemberChange = (roles: {
  actor: TeamRole;
  target: TeamRole;
  what: string;
}): ApiError | null => {
  if (!isAtLeast(roles.actor, "admin")) return roleRequired("admin", roles.what);
  return roles.target === "owner" ? ownerProtected() : null;
};
