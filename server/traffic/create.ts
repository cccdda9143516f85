/** Puts the parts of sandbox traffic together. */
import type { Sql } from "../../db/sql.ts";
import type { Guards } from "../auth/context.ts";
import type { ServerConfig } from "../config.ts";
import type { CallTokens } from "../hosts/call-tokens.ts";
import type { Requests } from "../http/requests.ts";
import type { Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import { trafficTokens } from "../sandboxes/access-token.ts";
import type { SandboxContext } from "../sandboxes/context.ts";
import { resumeForTraffic } from "../sandboxes/lifecycle.ts";
import type { Settings } from "../settings.ts";
import { Forwarder } from "./forward.ts";
import { Traffic } from "./traffic.ts";
import { Waking } from "./waking.ts";

export const createTraffic = (parts: {
  config: ServerConfig;
  sql: Sql;
  settings: Settings;
  log: Log;
  guards: Guards;
  metrics: Metrics;
  requests: Requests;
  sandboxes: SandboxContext;
  callTokens: CallTokens;
}): Traffic => {
  const { config, sql, settings, log, guards, metrics, requests, sandboxes, callTokens } = parts;
  return new Traffic({
    sql,
    log,
    metrics,
    requests,
    guards,
    trafficToken: trafficTokens(settings.trafficKey),
    secrets: { instanceId: settings.instanceId, accessToken: sandboxes.accessToken },
    forwarder: new Forwarder(callTokens),
    waking: new Waking({ sql, resume: (sandbox) => resumeForTraffic(sandboxes, sandbox) }),
    domain: config.sandboxDomain?.replace(/:\d+$/, "") ?? null,
  });
};
