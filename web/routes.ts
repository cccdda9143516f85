/** The pages' addresses and who they are for. What is behind them is loaded by `loaders.ts`. */
import { matchPath } from "./match-path.ts";

export interface Route {
  pattern: string;
  /** `entry`: for those who are not signed in. `dev`: only in the development build. */
  area: "entry" | "dashboard" | "admin" | "dev";
  title: string;
  /** Of the element that is the page. It gets the pattern's values as `params`. */
  tag: PageTag;
}

export type PageTag =
  | "wr-login-page"
  | "wr-signup-page"
  | "wr-sandboxes-page"
  | "wr-sandbox-page"
  | "wr-templates-page"
  | "wr-keys-page"
  | "wr-team-page"
  | "wr-audit-page"
  | "wr-byoc-page"
  | "wr-settings-page"
  | "wr-admin-hosts-page"
  | "wr-admin-teams-page"
  | "wr-admin-users-page"
  | "wr-admin-audit-page"
  | "wr-gallery-page";

export const HOME = "/dashboard/sandboxes";
export const SETTINGS = "/dashboard/settings";
export const ADMIN_HOME = "/admin/hosts";

const BUILT: readonly Route[] = [
  { pattern: "/login", area: "entry", title: "Sign in", tag: "wr-login-page" },
  { pattern: "/signup", area: "entry", title: "Sign up", tag: "wr-signup-page" },
  { pattern: "/dashboard/sandboxes", area: "dashboard", title: "Sandboxes", tag: "wr-sandboxes-page" },
  { pattern: "/dashboard/sandboxes/:id", area: "dashboard", title: "Sandbox", tag: "wr-sandbox-page" },
  { pattern: "/dashboard/templates", area: "dashboard", title: "Templates", tag: "wr-templates-page" },
  { pattern: "/dashboard/byoc", area: "dashboard", title: "Hosts", tag: "wr-byoc-page" },
  { pattern: "/admin/hosts", area: "admin", title: "Hosts", tag: "wr-admin-hosts-page" },
  { pattern: "/admin/teams", area: "admin", title: "Teams", tag: "wr-admin-teams-page" },
  { pattern: "/admin/users", area: "admin", title: "Users", tag: "wr-admin-users-page" },
  { pattern: "/admin/audit", area: "admin", title: "Audit log", tag: "wr-admin-audit-page" },
  { pattern: "/dashboard/keys", area: "dashboard", title: "API keys", tag: "wr-keys-page" },
  { pattern: "/dashboard/team", area: "dashboard", title: "Team", tag: "wr-team-page" },
  { pattern: "/dashboard/audit", area: "dashboard", title: "Audit log", tag: "wr-audit-page" },
  { pattern: "/dashboard/settings", area: "dashboard", title: "Settings", tag: "wr-settings-page" },
];

const DEVELOPMENT: readonly Route[] = [
  { pattern: "/dev/gallery", area: "dev", title: "Gallery", tag: "wr-gallery-page" },
];

const ROUTES: readonly Route[] = __DEVELOPMENT__ ? [...BUILT, ...DEVELOPMENT] : BUILT;

export interface FoundRoute {
  route: Route;
  params: Record<string, string>;
}

/** Null: no page is there. */
export const findRoute = (path: string): FoundRoute | null => {
  for (const route of ROUTES) {
    const params = matchPath(route.pattern, path);
    if (params !== null) return { route, params };
  }
  return null;
};
