/** What the sidebar offers, and to whom. */
import type { IconName } from "../components/icons.ts";
import { findRoute } from "../routes.ts";
import type { Team } from "../state/teams.ts";

export interface NavItem {
  href: string;
  label: string;
  icon: IconName;
  /** Shown, but not for this person: why. */
  reason?: string;
}

const DASHBOARD: readonly NavItem[] = [
  { href: "/dashboard/sandboxes", label: "Sandboxes", icon: "sandbox" },
  { href: "/dashboard/templates", label: "Templates", icon: "template" },
  { href: "/dashboard/keys", label: "API keys", icon: "key" },
  { href: "/dashboard/team", label: "Team", icon: "people" },
  { href: "/dashboard/audit", label: "Audit log", icon: "list" },
];

const BYOC: NavItem = { href: "/dashboard/byoc", label: "Hosts", icon: "host" };
const MEMBERS_MAY_NOT = "Ask an owner or admin of the team.";

const ADMIN: readonly NavItem[] = [
  { href: "/admin/hosts", label: "Hosts", icon: "host" },
  { href: "/admin/teams", label: "Teams", icon: "people" },
  { href: "/admin/users", label: "Users", icon: "key" },
  { href: "/admin/audit", label: "Audit log", icon: "list" },
];

const isBuilt = ({ href }: NavItem): boolean => findRoute(href) !== null;

/** @param team from the teams store: what a token says of BYOC may be old. */
export const dashboardItems = (team: Team | null): readonly NavItem[] => {
  if (team === null || !team.is_byoc) return DASHBOARD.filter(isBuilt);
  const byoc = team.role === "member" ? { ...BYOC, reason: MEMBERS_MAY_NOT } : BYOC;
  return [...DASHBOARD, byoc].filter(isBuilt);
};

export const adminItems = (): readonly NavItem[] => ADMIN.filter(isBuilt);
