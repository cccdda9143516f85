/** E2B's calls that answer 501. */
import { Elysia } from "elysia";

import type { Services } from "../services.ts";
import { detail } from "./detail.ts";
import { notSupported } from "./errors.ts";
import { withE2bErrors } from "./schemas.ts";
import { UNSUPPORTED_CALLS } from "./unsupported.ts";

const operationId = (method: string, path: string): string =>
  [method.toLowerCase(), ...path.split("/")].map((part) => part.replaceAll(/\W/g, "")).join("_");

export const e2bUnsupportedRoutes = ({ guards }: Pick<Services, "guards">) => {
  const app = new Elysia({ name: "e2b-unsupported", normalize: false }).derive(
    guards.keyOrTeam({ scopes: ["sandboxes", "templates"] }),
  );
  for (const { method, path, what } of UNSUPPORTED_CALLS) {
    app.route(
      method,
      path,
      () => {
        throw notSupported(what);
      },
      {
        response: withE2bErrors({}, [501]),
        detail: detail(`_${operationId(method, path)}`, `${what}: not supported`),
      },
    );
  }
  return app;
};
