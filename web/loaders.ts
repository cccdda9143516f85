/** Where the code of each page is. It is loaded with the page, not before. */
import type { PageTag } from "./routes.ts";

type Load = () => Promise<unknown>;

/** Left out of the build that people get, with all of its code. */
const gallery: Load = __DEVELOPMENT__ ? () => import("./pages/gallery.ts") : () => Promise.reject();

export const LOADERS: Readonly<Record<PageTag, Load>> = {
  "wr-login-page": () => import("./pages/login.ts"),
  "wr-signup-page": () => import("./pages/signup.ts"),
  "wr-sandboxes-page": () => import("./pages/sandboxes.ts"),
  "wr-sandbox-page": () => import("./pages/sandbox.ts"),
  "wr-templates-page": () => import("./pages/templates.ts"),
  "wr-byoc-page": () => import("./pages/byoc.ts"),
  "wr-admin-hosts-page": () => import("./pages/admin-hosts.ts"),
  "wr-admin-teams-page": () => import("./pages/admin-teams.ts"),
  "wr-admin-users-page": () => import("./pages/admin-users.ts"),
  "wr-admin-audit-page": () => import("./pages/admin-audit.ts"),
  "wr-keys-page": () => import("./pages/keys.ts"),
  "wr-team-page": () => import("./pages/team.ts"),
  "wr-audit-page": () => import("./pages/audit.ts"),
  "wr-settings-page": () => import("./pages/settings.ts"),
  "wr-gallery-page": gallery,
};
