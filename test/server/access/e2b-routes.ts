/** The same for the routes of E2B's clients. */
import { UNSUPPORTED_CALLS } from "../../../server/e2b/unsupported.ts";
import type { Door } from "./doors.ts";
import { CHANGES, keyOrTeam, route, type RouteCase } from "./route-case.ts";

const READ = keyOrTeam({ readable: true });
const WRITE = keyOrTeam({});
const READ_ALL = keyOrTeam({ readable: true, of: "team" });
const CREATE = keyOrTeam({ of: "team" });
const TEMPLATES_READ = keyOrTeam({ scopes: ["sandboxes", "templates"], readable: true, of: "team" });
const TEMPLATES = keyOrTeam({ scopes: ["sandboxes", "templates"], of: "team" });
const SNAPSHOTS_READ = keyOrTeam({ scopes: ["templates"], readable: true, of: "team" });
const SNAPSHOT: Door = keyOrTeam({ scopes: ["templates"] });

/** The paused sandbox of the matrix is on a host that never came: whoever may ask is told so. */
const AWAY = 503;

const routes: Record<string, RouteCase> = {
  // There is no host: whoever may create is told so.
  "POST /sandboxes": route(CREATE, AWAY, () => ({ path: "/sandboxes", body: { templateID: "base" } })),
  "POST /v2/sandboxes": route(CREATE, AWAY, () => ({ path: "/v2/sandboxes", body: { templateID: "base" } })),
  "GET /sandboxes": route(READ_ALL, 200, () => "/sandboxes"),
  "GET /v2/sandboxes": route(READ_ALL, 200, () => "/v2/sandboxes"),
  "GET /sandboxes/:id": route(READ, 200, ({ paused }) => `/sandboxes/${paused}`),
  "DELETE /sandboxes/:id": route(WRITE, 204, ({ paused }) => `/sandboxes/${paused}`, CHANGES),
  "POST /sandboxes/:id/connect": route(WRITE, AWAY, ({ paused }) => ({
    path: `/sandboxes/${paused}/connect`,
    body: { timeout: 60 },
  })),
  "POST /v2/sandboxes/:id/connect": route(WRITE, AWAY, ({ paused }) => ({
    path: `/v2/sandboxes/${paused}/connect`,
    body: {},
  })),
  "POST /sandboxes/:id/resume": route(WRITE, AWAY, ({ paused }) => ({
    path: `/sandboxes/${paused}/resume`,
    body: {},
  })),
  "POST /sandboxes/:id/timeout": route(WRITE, AWAY, ({ paused }) => ({
    path: `/sandboxes/${paused}/timeout`,
    body: { timeout: 60 },
  })),
  // It is paused already.
  "POST /sandboxes/:id/refreshes": route(WRITE, 409, ({ paused }) => ({
    path: `/sandboxes/${paused}/refreshes`,
    body: {},
  })),
  "POST /sandboxes/:id/pause": route(WRITE, 409, ({ paused }) => ({
    path: `/sandboxes/${paused}/pause`,
    body: {},
  })),
  "POST /sandboxes/:id/fork": route(WRITE, AWAY, ({ paused }) => ({
    path: `/sandboxes/${paused}/fork`,
    body: {},
  })),
  "PUT /sandboxes/:id/network": route(WRITE, AWAY, ({ paused }) => ({
    path: `/sandboxes/${paused}/network`,
    body: {},
  })),
  "GET /sandboxes/:id/metrics": route(READ, 200, ({ paused }) => `/sandboxes/${paused}/metrics`),
  "GET /sandboxes/metrics": route(READ_ALL, 200, ({ paused }) => `/sandboxes/metrics?sandbox_ids=${paused}`),
  "GET /sandboxes/:id/logs": route(WRITE, AWAY, ({ paused }) => `/sandboxes/${paused}/logs`),
  "GET /v2/sandboxes/:id/logs": route(WRITE, AWAY, ({ paused }) => `/v2/sandboxes/${paused}/logs`),
  "POST /sandboxes/:id/snapshots": route(SNAPSHOT, AWAY, ({ paused }) => ({
    path: `/sandboxes/${paused}/snapshots`,
    body: {},
  })),
  "GET /snapshots": route(SNAPSHOTS_READ, 200, () => "/snapshots"),
  "DELETE /templates/:id": route(SNAPSHOT, 204, ({ snapshot }) => `/templates/${snapshot}`, CHANGES),
  "GET /templates": route(TEMPLATES_READ, 200, () => "/templates"),
  "GET /v2/templates": route(TEMPLATES_READ, 200, () => "/v2/templates"),
  "GET /templates/aliases/:alias": route(TEMPLATES_READ, 200, () => "/templates/aliases/base"),
};

const unsupported = UNSUPPORTED_CALLS.map(({ method, path }): [string, RouteCase] => [
  `${method} ${path}`,
  route(method === "GET" ? TEMPLATES_READ : TEMPLATES, 501, () => path.replaceAll(/:\w+/g, "x")),
]);

export const E2B_ROUTES: Record<string, RouteCase> = Object.fromEntries(
  [...Object.entries(routes), ...unsupported].map(([name, one]) => [name, { ...one, isE2b: true }]),
);
