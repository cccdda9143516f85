/**
 * Every route of the API with its door and a request that is right in all but, perhaps, who sends it. A
 * route that is missing here fails the suite.
 */
import type { Door } from "./doors.ts";
import { E2B_ROUTES } from "./e2b-routes.ts";
import { CHANGES, keyOrTeam, route, type RouteCase } from "./route-case.ts";

/** Routes that are no cell of the matrix, and why. */
export const LEFT_OUT: Record<string, string> = {
  "GET /openapi.json": "the description itself",
  "GET /": "a page",
  "GET /docs": "a page",
  "GET /docs/page.js": "a page",
  "GET /docs/page.css": "a page",
  "GET /assets/:name": "a part of the dashboard's page",
  "GET /signup": "a page",
  "GET /dashboard": "a page",
  "GET /dashboard/*": "a page",
  "GET /admin": "a page",
  "GET /admin/*": "a page",
  "GET /dev/gallery": "a page",
  "GET /login": "a page",
  "GET /set-password": "a page",
  "GET /pages/page.css": "a page",
  "GET /pages/set-password.js": "a page",
  "GET /auth/oauth/:provider/callback": "the browser's cookie is its own credential: oauth-github.test.ts",
  "POST /v1/auth/refresh": "the refresh cookie is its own credential: sessions.test.ts",
  "POST /v1/auth/logout": "the refresh cookie is its own credential: sessions.test.ts",
};

const OPEN: Door = { kind: "open" };
const USER: Door = { kind: "user" };
const TEAM: Door = { kind: "team" };
const ADMIN: Door = { kind: "admin", code: "admin_only" };
const PLATFORM: Door = { kind: "admin", code: "forbidden" };
const OWN_HOST: Door = { kind: "own host", least: "member" };
const CHANGE_HOST: Door = { kind: "own host", least: "admin" };
const MEMBER: Door = { kind: "member", least: "member" };
const TEAM_ADMIN: Door = { kind: "member", least: "admin" };
const TEAM_OWNER: Door = { kind: "member", least: "owner" };

/** Reads of a sandbox, and what only its own scope opens. */
const SANDBOX_READ = keyOrTeam({ readable: true });
const SANDBOX = keyOrTeam({});
const SANDBOXES_READ = keyOrTeam({ readable: true, of: "team" });
const SANDBOXES = keyOrTeam({ of: "team" });
const TEMPLATES_READ = keyOrTeam({ scopes: ["sandboxes", "templates"], readable: true, of: "team" });
const SNAPSHOTS_READ = keyOrTeam({ scopes: ["templates"], readable: true, of: "team" });

/** The sandbox of the matrix has ended: whoever may ask is told so. */
const ENDED = 409;

const OWN_ROUTES: Record<string, RouteCase> = {
  "GET /health": route(OPEN, 200, () => "/health"),
  "GET /ready": route(OPEN, 200, () => "/ready"),
  "GET /metrics": route(OPEN, 200, () => "/metrics"),
  "POST /v1/auth/signup": route(OPEN, 400, () => ({ path: "/v1/auth/signup", body: {} })),
  "POST /v1/auth/login": route(OPEN, 400, () => ({ path: "/v1/auth/login", body: {} })),
  "POST /v1/auth/set-password": route(OPEN, 400, () => ({ path: "/v1/auth/set-password", body: {} })),
  "GET /v1/auth/options": route(OPEN, 200, () => "/v1/auth/options"),
  // No provider is set up: a page says so.
  "GET /auth/oauth/:provider": route(OPEN, 303, () => "/auth/oauth/github"),
  "POST /v1/hosts/register": route(OPEN, 400, () => ({ path: "/v1/hosts/register", body: {} })),
  "POST /v1/hosts/auth/refresh": route(OPEN, 400, () => ({ path: "/v1/hosts/auth/refresh", body: {} })),

  "POST /v1/auth/switch-team": route(MEMBER, 200, ({ team }) => ({
    path: "/v1/auth/switch-team",
    body: { team_id: team },
  })),
  "GET /v1/me": route(USER, 200, () => "/v1/me"),
  "PATCH /v1/me": route(USER, 200, () => ({ path: "/v1/me", body: { name: "Renamed" } })),
  // The accounts of the matrix have no password yet: the first one is set.
  "POST /v1/me/password": route(
    USER,
    204,
    () => ({ path: "/v1/me/password", body: { new_password: "a fine long sentence" } }),
    CHANGES,
  ),
  "PUT /v1/me/default-team": route(MEMBER, 204, ({ team }) => ({
    path: "/v1/me/default-team",
    body: { team_id: team },
  })),
  "GET /v1/me/sessions": route(USER, 200, () => "/v1/me/sessions"),
  "DELETE /v1/me/sessions": route(USER, 204, () => "/v1/me/sessions", CHANGES),
  "DELETE /v1/me/sessions/:session_id": route(
    USER,
    204,
    ({ spareSession }) => `/v1/me/sessions/${spareSession}`,
    CHANGES,
  ),
  "GET /v1/me/identities": route(USER, 200, () => "/v1/me/identities"),
  // No provider is set up, and none is connected: whoever may ask is told so.
  "POST /v1/me/identities/:provider": route(USER, 404, () => ({
    path: "/v1/me/identities/github",
    body: {},
  })),
  "DELETE /v1/me/identities/:provider": route(USER, 404, () => "/v1/me/identities/github"),
  "GET /v1/users/search": route(USER, 200, () => "/v1/users/search?email=ada@"),

  "POST /v1/teams": route(USER, 201, () => ({ path: "/v1/teams", body: { name: "Another" } })),
  "GET /v1/teams": route(USER, 200, () => "/v1/teams"),
  "POST /v1/teams/:id/transfer": route(
    { kind: "transfer" },
    204,
    ({ team, bystander }) => ({ path: `/v1/teams/${team}/transfer`, body: { user_id: bystander } }),
    CHANGES,
  ),
  "GET /v1/teams/:id": route(MEMBER, 200, ({ team }) => `/v1/teams/${team}`),
  "PATCH /v1/teams/:id": route(TEAM_ADMIN, 200, ({ team }) => ({
    path: `/v1/teams/${team}`,
    body: { name: "Renamed" },
  })),
  "DELETE /v1/teams/:id": route(TEAM_OWNER, 204, ({ team }) => `/v1/teams/${team}`, CHANGES),
  "GET /v1/teams/:id/members": route(MEMBER, 200, ({ team }) => `/v1/teams/${team}/members`),
  "POST /v1/teams/:id/members": route(
    TEAM_ADMIN,
    201,
    ({ team, stranger }) => ({ path: `/v1/teams/${team}/members`, body: { email: stranger.email } }),
    CHANGES,
  ),
  "PATCH /v1/teams/:id/members/:user_id": route(
    TEAM_ADMIN,
    200,
    ({ team, bystander }) => ({ path: `/v1/teams/${team}/members/${bystander}`, body: { role: "admin" } }),
    CHANGES,
  ),
  "DELETE /v1/teams/:id/members/:user_id": route(
    TEAM_ADMIN,
    204,
    ({ team, bystander }) => `/v1/teams/${team}/members/${bystander}`,
    CHANGES,
  ),
  // The owner passes the door, and is told to hand the team over first.
  "POST /v1/teams/:id/leave": route(MEMBER, [204, 409], ({ team }) => `/v1/teams/${team}/leave`, CHANGES),

  "POST /v1/api-keys": route(TEAM, 201, () => ({ path: "/v1/api-keys", body: { name: "new" } })),
  "GET /v1/api-keys": route(TEAM, 200, () => "/v1/api-keys"),
  "DELETE /v1/api-keys/:key_id": route(
    { kind: "others' key" },
    204,
    ({ key }) => `/v1/api-keys/${key}`,
    CHANGES,
  ),
  "GET /v1/audit-logs": route(TEAM, 200, () => "/v1/audit-logs"),
  "GET /v1/audit-logs/verify": route(TEAM, 200, () => "/v1/audit-logs/verify"),
  "GET /v1/audit-logs/export": route(TEAM, 200, () => "/v1/audit-logs/export?format=csv"),

  "GET /v1/admin/teams": route(ADMIN, 200, () => "/v1/admin/teams"),
  "PUT /v1/admin/teams/:id/byoc": route(ADMIN, 200, ({ team }) => ({
    path: `/v1/admin/teams/${team}/byoc`,
    body: { enabled: true },
  })),
  "PUT /v1/admin/teams/:id/limits": route(ADMIN, 200, ({ team }) => ({
    path: `/v1/admin/teams/${team}/limits`,
    body: { sandboxes: 1 },
  })),
  "GET /v1/admin/users": route(ADMIN, 200, () => "/v1/admin/users"),
  "POST /v1/admin/users": route(ADMIN, 201, () => ({
    path: "/v1/admin/users",
    body: { email: `${crypto.randomUUID()}@example.com`, name: "New" },
  })),
  "PUT /v1/admin/users/:id": route(ADMIN, 200, ({ stranger }) => ({
    path: `/v1/admin/users/${stranger.id}`,
    body: { name: "Renamed" },
  })),
  "POST /v1/admin/users/:id/reset-link": route(
    ADMIN,
    201,
    ({ stranger }) => `/v1/admin/users/${stranger.id}/reset-link`,
  ),
  "GET /v1/admin/hosts": route(ADMIN, 200, () => "/v1/admin/hosts"),
  "GET /v1/admin/quarantine": route(ADMIN, 200, () => "/v1/admin/quarantine"),
  "GET /v1/events": route(TEAM, 200, () => "/v1/events"),
  "GET /v1/admin/events": route(ADMIN, 200, () => "/v1/admin/events"),
  "GET /v1/admin/monitor": route(ADMIN, 200, () => "/v1/admin/monitor"),
  // Nothing is held: whoever may ask is told so.
  "POST /v1/admin/monitor/release": route(ADMIN, 409, () => ({
    path: "/v1/admin/monitor/release",
    body: {},
  })),
  "GET /v1/admin/audit-logs": route(ADMIN, 200, () => "/v1/admin/audit-logs"),
  "GET /v1/admin/audit-logs/verify": route(ADMIN, 200, ({ team }) => {
    return `/v1/admin/audit-logs/verify?team_id=${team}`;
  }),

  "POST /v1/hosts": route(PLATFORM, 201, () => ({ path: "/v1/hosts", body: { name: "new" } })),
  "GET /v1/hosts": route(USER, 200, () => "/v1/hosts"),
  "GET /v1/hosts/:id": route(OWN_HOST, 200, ({ host }) => `/v1/hosts/${host}`),
  "POST /v1/hosts/:id/token": route(CHANGE_HOST, 201, ({ host }) => `/v1/hosts/${host}/token`),
  "POST /v1/hosts/:id/drain": route(CHANGE_HOST, 200, ({ host }) => `/v1/hosts/${host}/drain`),
  "POST /v1/hosts/:id/undrain": route(CHANGE_HOST, 200, ({ host }) => `/v1/hosts/${host}/undrain`),
  "GET /v1/hosts/:id/metrics": route(OWN_HOST, 200, ({ host }) => `/v1/hosts/${host}/metrics`),
  "GET /v1/hosts/:id/delete-preview": route(OWN_HOST, 200, ({ host }) => `/v1/hosts/${host}/delete-preview`),
  "DELETE /v1/hosts/:id": route(CHANGE_HOST, 204, ({ host }) => `/v1/hosts/${host}`, CHANGES),
  "POST /v1/hosts/:id/heartbeat": route({ kind: "host" }, 200, ({ host }) => ({
    path: `/v1/hosts/${host}/heartbeat`,
    body: {},
  })),

  // No agent is set up: whoever may ask is told so.
  "GET /download/wrenn-agent-linux-x64": route(OPEN, 404, () => "/download/wrenn-agent-linux-x64"),
  "GET /download/wrenn-agent-linux-x64.sha256": route(
    OPEN,
    404,
    () => "/download/wrenn-agent-linux-x64.sha256",
  ),

  // There is no host: whoever may create is told so.
  "POST /v1/sandboxes": route(SANDBOXES, 503, () => ({
    path: "/v1/sandboxes",
    body: { template: "minimal" },
  })),
  "GET /v1/sandboxes": route(SANDBOXES_READ, 200, () => "/v1/sandboxes"),
  "GET /v1/sandboxes/:id": route(SANDBOX_READ, 200, ({ sandbox }) => `/v1/sandboxes/${sandbox}`),
  "DELETE /v1/sandboxes/:id": route(SANDBOX, 200, ({ sandbox }) => `/v1/sandboxes/${sandbox}`),
  "POST /v1/sandboxes/:id/pause": route(SANDBOX, ENDED, ({ sandbox }) => `/v1/sandboxes/${sandbox}/pause`),
  "POST /v1/sandboxes/:id/resume": route(SANDBOX, ENDED, ({ sandbox }) => `/v1/sandboxes/${sandbox}/resume`),
  "POST /v1/sandboxes/:id/ping": route(SANDBOX, ENDED, ({ sandbox }) => `/v1/sandboxes/${sandbox}/ping`),
  "POST /v1/sandboxes/:id/timeout": route(SANDBOX, ENDED, ({ sandbox }) => ({
    path: `/v1/sandboxes/${sandbox}/timeout`,
    body: { timeout_sec: 60 },
  })),
  "PUT /v1/sandboxes/:id/network": route(SANDBOX, ENDED, ({ sandbox }) => ({
    path: `/v1/sandboxes/${sandbox}/network`,
    body: {},
  })),
  "POST /v1/sandboxes/:id/fork": route(SANDBOX, ENDED, ({ sandbox }) => `/v1/sandboxes/${sandbox}/fork`),
  "POST /v1/sandboxes/:id/exec": route(SANDBOX, ENDED, ({ sandbox }) => ({
    path: `/v1/sandboxes/${sandbox}/exec`,
    body: { cmd: "true" },
  })),
  "WS /v1/sandboxes/:id/exec/stream": route(
    { kind: "socket" },
    101,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/exec/stream`,
  ),
  "WS /v1/sandboxes/:id/pty": route({ kind: "socket" }, 101, ({ sandbox }) => `/v1/sandboxes/${sandbox}/pty`),
  "GET /v1/sandboxes/:id/files": route(
    SANDBOX,
    ENDED,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/files?path=/a`,
  ),
  "PUT /v1/sandboxes/:id/files": route(
    SANDBOX,
    ENDED,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/files?path=/a`,
  ),
  "DELETE /v1/sandboxes/:id/files": route(
    SANDBOX,
    ENDED,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/files?path=/a`,
  ),
  "GET /v1/sandboxes/:id/files/list": route(
    SANDBOX,
    ENDED,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/files/list?path=/a`,
  ),
  "POST /v1/sandboxes/:id/files/mkdir": route(SANDBOX, ENDED, ({ sandbox }) => ({
    path: `/v1/sandboxes/${sandbox}/files/mkdir`,
    body: { path: "/a" },
  })),
  "POST /v1/sandboxes/:id/files/move": route(SANDBOX, ENDED, ({ sandbox }) => ({
    path: `/v1/sandboxes/${sandbox}/files/move`,
    body: { source: "/a", destination: "/b" },
  })),
  "GET /v1/sandboxes/stats": route(SANDBOXES_READ, 200, () => "/v1/sandboxes/stats"),
  "POST /v1/sandboxes/:id/preview-urls": route(SANDBOX, ENDED, ({ sandbox }) => ({
    path: `/v1/sandboxes/${sandbox}/preview-urls`,
    body: { port: 3000 },
  })),
  "GET /v1/sandboxes/:id/ports": route(
    SANDBOX_READ,
    ENDED,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/ports`,
  ),
  "GET /v1/sandboxes/:id/metrics": route(
    SANDBOX_READ,
    ENDED,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/metrics`,
  ),
  "GET /v1/sandboxes/:id/processes": route(
    SANDBOX_READ,
    ENDED,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/processes`,
  ),
  "DELETE /v1/sandboxes/:id/processes/:pid": route(
    SANDBOX,
    ENDED,
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/processes/1`,
  ),
  "GET /v1/sandboxes/:id/logs": route(
    SANDBOX,
    [ENDED, 200],
    ({ sandbox }) => `/v1/sandboxes/${sandbox}/logs`,
  ),

  "GET /v1/templates": route(TEMPLATES_READ, 200, () => "/v1/templates"),
  "GET /v1/templates/:name": route(TEMPLATES_READ, 200, () => "/v1/templates/minimal"),
  "POST /v1/snapshots": route(keyOrTeam({ scopes: ["templates"] }), ENDED, ({ sandbox }) => ({
    path: "/v1/snapshots",
    body: { sandbox_id: sandbox },
  })),
  "GET /v1/snapshots": route(SNAPSHOTS_READ, 200, () => "/v1/snapshots"),
  "DELETE /v1/snapshots/:name": route(
    keyOrTeam({ scopes: ["templates"], absent: "template_not_found" }),
    204,
    ({ snapshot }) => `/v1/snapshots/${snapshot}`,
    CHANGES,
  ),
};

export const ROUTES: Record<string, RouteCase> = { ...OWN_ROUTES, ...E2B_ROUTES };
