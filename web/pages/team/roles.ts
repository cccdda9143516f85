/** Who may do what in a team, in words for those who may not. The server decides; this says so beforehand. */
import type { Role } from "../../state/members.ts";

export const ADMINS_ONLY = "Only an owner or admin may: ask one of them.";
export const OWNER_ONLY = "Only the team's owner may.";
export const OWNER_STAYS = "The owner's role changes by handing the team over.";
export const ONLY_TEAM = "It is your only team: create or join another one first.";

/** Why somebody with this role may not change members; empty: they may. */
export const whyNotManage = (role: Role): string => (role === "member" ? ADMINS_ONLY : "");

export const whyNotLeave = (role: Role, teamCount: number): string => {
  if (role === "owner") return "Hand the team over first: the owner cannot leave.";
  return teamCount < 2 ? ONLY_TEAM : "";
};

export const whyNotDelete = (role: Role, teamCount: number): string => {
  if (role !== "owner") return OWNER_ONLY;
  return teamCount < 2 ? ONLY_TEAM : "";
};
