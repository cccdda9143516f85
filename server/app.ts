/**
 * The HTTP API, put together: one plugin per noun on the rim that all requests pass. A new noun is added
 * in `services.ts` (what it does) and here (what it answers to).
 */
import { Elysia } from "elysia";

import { documentation } from "./docs/routes.ts";
import { rim } from "./http/rim.ts";
import type { Services } from "./services.ts";
import { systemRoutes } from "./system/routes.ts";

export const createApp = (services: Services) =>
  new Elysia({ normalize: false }).use(rim(services)).use(documentation()).use(systemRoutes(services));

export type App = ReturnType<typeof createApp>;
