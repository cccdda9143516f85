/** The pages: their addresses, who they are for, and where their code is, which is loaded when they are. */
import { matchPath } from "./match-path.ts";

export interface Route {
  pattern: string;
  /** `entry`: for those who are not signed in. `dev`: only in the development build. */
  area: "entry" | "dashboard" | "admin" | "dev";
  title: string;
  /** Of the element that is the page. It gets the pattern's values as `params`. */
  tag: string;
  load: () => Promise<unknown>;
}

export const HOME = "/dashboard/sandboxes";
export const ADMIN_HOME = "/admin/hosts";

const BUILT: readonly Route[] = [
  {
    pattern: "/login",
    area: "entry",
    title: "Sign in",
    tag: "wr-login-page",
    load: () => import("./pages/login.ts"),
  },
  {
    pattern: "/signup",
    area: "entry",
    title: "Sign up",
    tag: "wr-signup-page",
    load: () => import("./pages/signup.ts"),
  },
  {
    pattern: "/dashboard/sandboxes",
    area: "dashboard",
    title: "Sandboxes",
    tag: "wr-sandboxes-page",
    load: () => import("./pages/sandboxes.ts"),
  },
];

/** Left out of the build that people get, with all of its code. */
const DEVELOPMENT: readonly Route[] = __DEVELOPMENT__
  ? [
      {
        pattern: "/dev/gallery",
        area: "dev",
        title: "Gallery",
        tag: "wr-gallery-page",
        load: () => import("./pages/gallery.ts"),
      },
    ]
  : [];

export const ROUTES: readonly Route[] = [...BUILT, ...DEVELOPMENT];

export const findRoute = (path: string): { route: Route; params: Record<string, string> } | null => {
  for (const route of ROUTES) {
    const params = matchPath(route.pattern, path);
    if (params !== null) return { route, params };
  }
  return null;
};
