/** What teams and their members are refused, wherever it is noticed. */
import { type ApiError, conflict, forbidden, notFound } from "../errors.ts";

export const teamNotFound = (): ApiError => notFound("team_not_found", "There is no such team (any more).");

export const notAMember = (): ApiError =>
  forbidden("You are not a member of this team (any more).", "not_a_member");

export const memberNotFound = (): ApiError =>
  notFound("member_not_found", "This person is not a member of the team.");

export const alreadyMember = (): ApiError =>
  conflict("already_member", "This person is a member of the team already.");

/** The owner's own role changes by a transfer alone. */
export const ownerProtected = (): ApiError =>
  conflict(
    "owner_protected",
    "The owner can neither be removed, demoted nor leave; transfer the ownership first.",
  );

/** @param role the least role that may, as `admin`. */
export const roleRequired = (role: "admin" | "owner", what: string): ApiError =>
  forbidden(
    role === "owner"
      ? `Only the team's owner may ${what}.`
      : `Only an owner or admin of the team may ${what}; ask one of them.`,
    "role_required",
  );
