/**
 * Everything the routes use, made once: the one place where parts are given to each other. `app.ts` says
 * what each answers to, `main.ts` starts and stops them.
 */
import type { Sql } from "../db/sql.ts";
import { AuditSideChannel } from "./audit/side-channel.ts";
import type { Guards } from "./auth/context.ts";
import { createGuards } from "./auth/guards.ts";
import { createAuthStore } from "./auth/store.ts";
import { Tokens } from "./auth/tokens.ts";
import type { ServerConfig } from "./config.ts";
import { Requests } from "./http/requests.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import type { Settings } from "./settings.ts";
import { DatabaseProbe } from "./system/database.ts";

/** Something that works by itself between requests. */
export interface BackgroundJob {
  start(): void;
  /** Resolves when its last round is over. */
  stop(): Promise<void>;
}

export interface Foundation {
  config: ServerConfig;
  sql: Sql;
  settings: Settings;
  log: Log;
}

export interface Services extends Foundation {
  requests: Requests;
  metrics: Metrics;
  database: DatabaseProbe;
  tokens: Tokens;
  guards: Guards;
  /** For audit rows without a change of their own. */
  auditSideChannel: AuditSideChannel;
  background: readonly BackgroundJob[];
}

export const createServices = (foundation: Foundation): Services => {
  const { sql, settings, log } = foundation;
  const tokens = new Tokens(settings);
  const guards = createGuards({ store: createAuthStore(sql), tokens, log });
  return {
    ...foundation,
    requests: new Requests(),
    metrics: new Metrics(),
    database: new DatabaseProbe(sql),
    tokens,
    guards,
    auditSideChannel: new AuditSideChannel(sql, log),
    background: [],
  };
};
