/** What of the hosts somebody sees before their team has a sandbox. */
import type { Person } from "../../state/session.ts";
import type { Team } from "../../state/teams.ts";

/** Whose hosts the sandboxes would run on, and where they are looked after; `guest`: that is not theirs to see. */
export type Audience = { kind: "platform" | "team"; href: string } | { kind: "guest" };

export const audienceOf = (
  { isAdmin }: Pick<Person, "isAdmin">,
  team: Pick<Team, "is_byoc" | "role">,
): Audience => {
  if (!team.is_byoc) return isAdmin ? { kind: "platform", href: "/admin/hosts" } : { kind: "guest" };
  if (team.role !== "member") return { kind: "team", href: "/dashboard/byoc" };
  return isAdmin ? { kind: "team", href: "/admin/hosts?tab=byoc" } : { kind: "guest" };
};
