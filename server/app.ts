/**
 * The HTTP API, put together: one plugin per noun on the rim that all requests pass. A new noun is added
 * in `services.ts` (what it does) and here (what it answers to).
 */
import { Elysia } from "elysia";

import { adminAuditRoutes } from "./admin/audit-routes.ts";
import { adminEventRoutes } from "./admin/event-routes.ts";
import { adminHostRoutes } from "./admin/host-routes.ts";
import { adminMonitorRoutes } from "./admin/monitor-routes.ts";
import { adminTeamRoutes } from "./admin/team-routes.ts";
import { adminUserRoutes } from "./admin/user-routes.ts";
import { auditRoutes } from "./audit/routes.ts";
import { dashboardRoutes } from "./dashboard/routes.ts";
import { documentation } from "./docs/routes.ts";
import { downloadRoutes } from "./download/routes.ts";
import { e2bRoutes } from "./e2b/routes.ts";
import { eventRoutes } from "./events/routes.ts";
import { hostAgentRoutes } from "./hosts/agent-routes.ts";
import { hostLeavingRoutes } from "./hosts/leaving-routes.ts";
import { hostRoutes } from "./hosts/routes.ts";
import { rim } from "./http/rim.ts";
import { keyRoutes } from "./keys/routes.ts";
import { identityRoutes } from "./oauth/identity-routes.ts";
import { oauthRoutes } from "./oauth/routes.ts";
import { pageRoutes } from "./pages/routes.ts";
import { hostSampleRoutes, sandboxSampleRoutes } from "./samples/routes.ts";
import { execRoutes } from "./sandboxes/exec-routes.ts";
import { fileRoutes } from "./sandboxes/file-routes.ts";
import { inspectRoutes, logRoutes } from "./sandboxes/inspect-routes.ts";
import { sandboxRoutes } from "./sandboxes/routes.ts";
import { socketRoutes } from "./sandboxes/socket-routes.ts";
import type { Services } from "./services.ts";
import { systemRoutes } from "./system/routes.ts";
import { memberRoutes } from "./teams/member-routes.ts";
import { ownTeamRoutes, teamRoutes } from "./teams/routes.ts";
import { snapshotRoutes, templateRoutes } from "./templates/routes.ts";
import { previewRoutes } from "./traffic/preview-routes.ts";
import { authRoutes } from "./users/auth-routes.ts";
import { meRoutes } from "./users/me-routes.ts";
import { searchRoutes } from "./users/search-routes.ts";
import { sessionRoutes } from "./users/session-routes.ts";
import { signInOptionsRoutes } from "./users/sign-in-options-routes.ts";

export const createApp = (services: Services) =>
  new Elysia({ normalize: false })
    .use(rim(services))
    .use(documentation())
    .use(dashboardRoutes(services))
    .use(systemRoutes(services))
    .use(authRoutes(services))
    .use(signInOptionsRoutes(services))
    .use(oauthRoutes(services))
    .use(pageRoutes(services))
    .use(meRoutes(services))
    .use(sessionRoutes(services))
    .use(searchRoutes(services))
    .use(teamRoutes(services))
    .use(ownTeamRoutes(services))
    .use(memberRoutes(services))
    .use(identityRoutes(services))
    .use(keyRoutes(services))
    .use(auditRoutes(services))
    .use(eventRoutes(services))
    .use(adminEventRoutes(services))
    .use(adminTeamRoutes(services))
    .use(adminUserRoutes(services))
    .use(adminAuditRoutes(services))
    .use(adminHostRoutes(services))
    .use(adminMonitorRoutes(services))
    .use(hostRoutes(services))
    .use(hostLeavingRoutes(services))
    .use(hostAgentRoutes(services))
    .use(downloadRoutes(services))
    .use(sandboxRoutes(services))
    .use(execRoutes(services))
    .use(socketRoutes(services))
    .use(fileRoutes(services))
    .use(inspectRoutes(services))
    .use(sandboxSampleRoutes(services))
    .use(hostSampleRoutes(services))
    .use(logRoutes(services))
    .use(previewRoutes(services))
    .use(templateRoutes(services))
    .use(snapshotRoutes(services))
    .use(e2bRoutes(services));
