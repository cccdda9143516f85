/** Whether this server lives, whether it can work, and how it has been doing. */
import { Elysia, t } from "elysia";

import { equalSecrets } from "../auth/secrets.ts";
import { OPEN } from "../docs/security.ts";
import { forbidden, unavailable } from "../errors.ts";
import { withErrors } from "../http/error-responses.ts";
import type { Services } from "../services.ts";

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;

const Status = t.Object({ status: t.Literal("ok") });
const OK = { status: "ok" } as const;

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["system"],
  security: OPEN,
});

const bearerOf = (request: Request): string =>
  /^Bearer (.+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";

export const systemRoutes = ({ database, metrics, config }: Services) =>
  new Elysia({ name: "system", normalize: false })
    .get("/health", () => OK, { response: Status, detail: detail("getHealth", "The process answers") })
    .get(
      "/ready",
      async () => {
        if (await database.isReachable()) return OK;
        throw unavailable("database_unavailable", "The database cannot be reached just now.");
      },
      {
        response: withErrors({ 200: Status }, [503]),
        detail: detail("getReady", "The process and its database answer"),
      },
    )
    .get(
      "/metrics",
      ({ request, server }) => {
        const peer = server?.requestIP(request)?.address ?? "";
        // Behind a proxy everyone has the proxy's address.
        const isLocal = LOOPBACK.test(peer) && !request.headers.has("x-forwarded-for");
        const { metricsToken } = config;
        const hasToken = metricsToken !== null && equalSecrets(bearerOf(request), metricsToken);
        if (!isLocal && !hasToken) {
          throw forbidden("Metrics are for this machine, or for holders of WRENN_METRICS_TOKEN.");
        }
        return new Response(metrics.render(), {
          headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
        });
      },
      { detail: detail("getMetrics", "Counters as Prometheus text") },
    );
