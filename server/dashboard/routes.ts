/**
 * The dashboard: one page for all of its addresses, and the files that page loads. A server without a built
 * dashboard leads to the documentation instead.
 */
import { Elysia } from "elysia";

import { OPEN } from "../docs/security.ts";
import { notFound } from "../errors.ts";
import type { Services } from "../services.ts";
import { answerWith } from "./answer.ts";
import { DASHBOARD_CSP } from "./csp.ts";
import type { DashboardFiles } from "./files.ts";

const hidden = { detail: { hide: true, security: OPEN } };

/** Kept for good: the name changes with the content. */
const IMMUTABLE = { "cache-control": "public, max-age=31536000, immutable" };

const PAGE_HEADERS = {
  "cache-control": "no-cache",
  "content-security-policy": DASHBOARD_CSP,
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
};

/** Addresses of the dashboard; what stands behind them, its own router knows. */
const ADDRESSES = ["/signup", "/dashboard", "/dashboard/*", "/admin", "/admin/*", "/dev/gallery"] as const;

/** The page, or null when this server has no dashboard. */
export const dashboardPage = async (
  dashboard: DashboardFiles,
  request: Request,
): Promise<Response | null> => {
  const file = await dashboard.index();
  return file && answerWith(file, request, PAGE_HEADERS);
};

const noDashboard = () =>
  notFound(
    "no_dashboard",
    "This server has no dashboard: `bun run up` builds it, or WRENN_WEB_DIR names one. The API is described at /docs.",
  );

export const dashboardRoutes = ({ dashboard }: Pick<Services, "dashboard">) => {
  const routes = new Elysia({ name: "dashboard", normalize: false })
    .get(
      "/",
      async ({ request, redirect }) => (await dashboardPage(dashboard, request)) ?? redirect("/docs", 302),
      hidden,
    )
    .get(
      "/assets/:name",
      async ({ request, params }) => {
        const file = await dashboard.asset(params.name);
        if (!file) throw notFound("not_found", "There is no such file in this version of the dashboard.");
        return answerWith(file, request, IMMUTABLE);
      },
      hidden,
    );
  for (const address of ADDRESSES) {
    routes.get(
      address,
      async ({ request }) => {
        const page = await dashboardPage(dashboard, request);
        if (!page) throw noDashboard();
        return page;
      },
      hidden,
    );
  }
  return routes;
};
