/** E2B's REST API beside Wrenn's own: another door to the same services. */
import { Elysia } from "elysia";

import type { Services } from "../services.ts";
import { e2bLogRoutes, e2bMetricRoutes } from "./inspect-routes.ts";
import { e2bLifecycleRoutes } from "./lifecycle-routes.ts";
import { e2bSandboxRoutes } from "./sandbox-routes.ts";
import { e2bSnapshotRoutes } from "./snapshot-routes.ts";
import { e2bTemplateRoutes } from "./template-routes.ts";
import { e2bUnsupportedRoutes } from "./unsupported-routes.ts";

export const e2bRoutes = (services: Services) =>
  new Elysia({ name: "e2b", normalize: false })
    .use(e2bSandboxRoutes(services))
    .use(e2bLifecycleRoutes(services))
    .use(e2bMetricRoutes(services))
    .use(e2bLogRoutes(services))
    .use(e2bSnapshotRoutes(services))
    .use(e2bTemplateRoutes(services))
    .use(e2bUnsupportedRoutes(services));
