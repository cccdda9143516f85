/** Puts the parts of sandbox traffic together. */
import type { Sql } from "../../db/sql.ts";
import type { Guards } from "../auth/context.ts";
import type { ServerConfig } from "../config.ts";
import type { CallTokens } from "../hosts/call-tokens.ts";
import type { Requests } from "../http/requests.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { RateLimits } from "../rate-limits/rate-limits.ts";
import { trafficTokens } from "../sandboxes/access-token.ts";
import type { SandboxContext } from "../sandboxes/context.ts";
import { resumeForTraffic } from "../sandboxes/lifecycle.ts";
import type { Settings } from "../settings.ts";
import { Entrance } from "./entrance.ts";
import { Forwarder } from "./forward.ts";
import { LastKnown } from "./last-known.ts";
import { schemeOf } from "./passage.ts";
import { PreviewTokens } from "./preview-tokens.ts";
import { PreviewUrls } from "./preview-urls.ts";
import { Traffic } from "./traffic.ts";
import { Waking } from "./waking.ts";

export const createTraffic = (parts: {
  config: ServerConfig;
  sql: Sql;
  settings: Settings;
  log: Log;
  guards: Guards;
  limits: RateLimits;
  metrics: Metrics;
  requests: Requests;
  sandboxes: SandboxContext;
  callTokens: CallTokens;
}): { traffic: Traffic; previewUrls: PreviewUrls } => {
  const { config, sql, settings, log, guards, limits, metrics, requests, sandboxes, callTokens } = parts;
  const { publicUrl, sandboxDomain } = config;
  const { accessToken } = sandboxes;
  const previewTokens = new PreviewTokens(settings.trafficKey);
  const host = sandboxDomain === null ? null : { scheme: schemeOf(publicUrl), domain: sandboxDomain };
  const previewUrls = new PreviewUrls(sql, previewTokens, host);
  const entrance = new Entrance({
    sql,
    requests,
    guards,
    trafficToken: trafficTokens(settings.trafficKey),
    secrets: { instanceId: settings.instanceId, accessToken },
    previewTokens,
    forwarder: new Forwarder(callTokens),
    waking: new Waking({ sql, resume: (sandbox) => resumeForTraffic(sandboxes, sandbox) }),
    lastKnown: new LastKnown(),
  });
  const traffic = new Traffic({
    log,
    metrics,
    requests,
    entrance,
    signedFiles: { sql, limits, accessToken },
    previewUrls,
    domain: sandboxDomain?.replace(/:\d+$/, "") ?? null,
    publicUrl,
  });
  return { traffic, previewUrls };
};
