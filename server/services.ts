/**
 * Everything the routes use, made once: the one place where parts are given to each other. `app.ts` says
 * what each answers to, `main.ts` starts and stops them.
 */
import type { Sql } from "../db/sql.ts";
import { AuditSideChannel } from "./audit/side-channel.ts";
import type { Guards } from "./auth/context.ts";
import { createGuards } from "./auth/guards.ts";
import { Passwords } from "./auth/passwords.ts";
import { createRefreshCookie } from "./auth/refresh-cookie.ts";
import type { RefreshCookie } from "./auth/refresh-cookie.ts";
import { createSessions } from "./auth/sessions.ts";
import { createAuthStore } from "./auth/store.ts";
import { Tokens } from "./auth/tokens.ts";
import type { BackgroundJob } from "./background.ts";
import type { ServerConfig } from "./config.ts";
import { createControlPlane } from "./control-plane.ts";
import type { ControlPlane } from "./control-plane.ts";
import { Requests } from "./http/requests.ts";
import { createKeyService } from "./keys/service.ts";
import type { KeyService } from "./keys/service.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { createOauth } from "./oauth/oauth.ts";
import type { Oauth } from "./oauth/oauth.ts";
import type { Settings } from "./settings.ts";
import { DatabaseProbe } from "./system/database.ts";
import { Sweeper } from "./system/sweeper.ts";
import { createAccounts } from "./users/accounts.ts";
import type { Accounts } from "./users/accounts.ts";
import { createUserService } from "./users/service.ts";
import type { UserService } from "./users/service.ts";
import { createSignInOptions } from "./users/sign-in-options.ts";
import type { SignInOptions } from "./users/sign-in-options.ts";

export interface Foundation {
  config: ServerConfig;
  sql: Sql;
  settings: Settings;
  log: Log;
}

export interface Services extends Foundation, ControlPlane {
  requests: Requests;
  metrics: Metrics;
  database: DatabaseProbe;
  tokens: Tokens;
  guards: Guards;
  accounts: Accounts;
  users: UserService;
  oauth: Oauth;
  signInOptions: SignInOptions;
  keys: KeyService;
  refreshCookie: RefreshCookie;
  /** For audit rows without a change of their own. */
  auditSideChannel: AuditSideChannel;
  background: readonly BackgroundJob[];
}

export const createServices = (foundation: Foundation): Services => {
  const { sql, settings, log, config } = foundation;
  const tokens = new Tokens(settings);
  const guards = createGuards({ store: createAuthStore(sql), tokens, log });
  const auditSideChannel = new AuditSideChannel(sql, log);
  const passwords = new Passwords();
  const sessions = createSessions(sql);
  const accounts = createAccounts({ sql, passwords, config, setupCode: settings.setupCode });
  const oauth = createOauth({
    sql,
    config,
    instanceId: settings.instanceId,
    log,
    accounts,
    sessions,
    sideChannel: auditSideChannel,
  });
  const controlPlane = createControlPlane({ ...foundation, tokens, audit: auditSideChannel });
  return {
    ...foundation,
    ...controlPlane,
    requests: new Requests(config.trustedProxies),
    metrics: new Metrics(),
    database: new DatabaseProbe(sql),
    tokens,
    guards,
    accounts,
    users: createUserService({ sql, tokens, passwords, sessions, accounts, sideChannel: auditSideChannel }),
    oauth,
    signInOptions: createSignInOptions({ sql, config, providers: oauth.providers }),
    keys: createKeyService(sql),
    refreshCookie: createRefreshCookie({
      instanceId: settings.instanceId,
      isSecure: config.publicUrl.startsWith("https:"),
    }),
    auditSideChannel,
    background: [controlPlane.monitor, new Sweeper(sql, log)],
  };
};
