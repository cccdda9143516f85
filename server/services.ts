/**
 * Everything the routes use, made once: the one place where parts are given to each other. `app.ts` says
 * what each answers to, `main.ts` starts and stops them.
 */
import type { Sql } from "../db/sql.ts";
import { createAuditService } from "./audit/service.ts";
import type { AuditService } from "./audit/service.ts";
import { AuditSideChannel } from "./audit/side-channel.ts";
import type { Guards } from "./auth/context.ts";
import { createGuards } from "./auth/guards.ts";
import { Passwords } from "./auth/passwords.ts";
import { createSessions, SESSION_SEC } from "./auth/sessions.ts";
import type { Sessions } from "./auth/sessions.ts";
import { createAuthStore } from "./auth/store.ts";
import { Tokens } from "./auth/tokens.ts";
import type { BackgroundJob } from "./background.ts";
import type { ServerConfig } from "./config.ts";
import { createControlPlane } from "./control-plane.ts";
import type { ControlPlane } from "./control-plane.ts";
import { DashboardFiles } from "./dashboard/files.ts";
import { AgentDownload } from "./download/executable.ts";
import { EventHub } from "./events/hub.ts";
import type { EventStreams } from "./events/respond.ts";
import { StreamLimits } from "./events/stream-limits.ts";
import { Requests } from "./http/requests.ts";
import { createSecretCookie } from "./http/secret-cookie.ts";
import type { SecretCookie } from "./http/secret-cookie.ts";
import { createKeyService } from "./keys/service.ts";
import type { KeyService } from "./keys/service.ts";
import type { Log } from "./log.ts";
import { Metrics } from "./metrics.ts";
import { createOauth } from "./oauth/oauth.ts";
import type { Oauth } from "./oauth/oauth.ts";
import { RateLimits } from "./rate-limits/rate-limits.ts";
import { createRateLimitStore } from "./rate-limits/store.ts";
import type { Settings } from "./settings.ts";
import { DatabaseProbe } from "./system/database.ts";
import { Sweeper } from "./system/sweeper.ts";
import { createTeamAdministration } from "./teams/administration.ts";
import type { TeamAdministration } from "./teams/administration.ts";
import { createMemberService } from "./teams/members.ts";
import type { MemberService } from "./teams/members.ts";
import { createTeamService } from "./teams/service.ts";
import type { TeamService } from "./teams/service.ts";
import { createTraffic } from "./traffic/create.ts";
import type { PreviewUrls } from "./traffic/preview-urls.ts";
import type { Traffic } from "./traffic/traffic.ts";
import { createAccounts } from "./users/accounts.ts";
import type { Accounts } from "./users/accounts.ts";
import { createUserAdministration } from "./users/administration.ts";
import type { UserAdministration } from "./users/administration.ts";
import { createLinks } from "./users/links.ts";
import type { Links } from "./users/links.ts";
import { createProfileService } from "./users/profile.ts";
import type { ProfileService } from "./users/profile.ts";
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
  limits: RateLimits;
  database: DatabaseProbe;
  tokens: Tokens;
  guards: Guards;
  accounts: Accounts;
  users: UserService;
  sessions: Sessions;
  profile: ProfileService;
  links: Links;
  userAdministration: UserAdministration;
  teamAdministration: TeamAdministration;
  teams: TeamService;
  members: MemberService;
  oauth: Oauth;
  signInOptions: SignInOptions;
  keys: KeyService;
  audit: AuditService;
  /** Live changes for whoever may see them. */
  eventStreams: EventStreams;
  /** Holds a browser's refresh token. */
  refreshCookie: SecretCookie;
  /** For audit rows without a change of their own. */
  auditSideChannel: AuditSideChannel;
  /** Requests that belong to sandboxes. */
  traffic: Traffic;
  previewUrls: PreviewUrls;
  /** The executable that machines download to become hosts. */
  agentDownload: AgentDownload;
  dashboard: DashboardFiles;
  background: readonly BackgroundJob[];
}

export const createServices = (foundation: Foundation): Services => {
  const { sql, settings, log, config } = foundation;
  const tokens = new Tokens(settings);
  const requests = new Requests(config.trustedProxies);
  const metrics = new Metrics();
  const store = createRateLimitStore(sql);
  const limits = new RateLimits({ rules: config.rateLimits, store, metrics, requests });
  const guards = createGuards({ store: createAuthStore(sql), tokens, limits, log });
  const auditSideChannel = new AuditSideChannel(sql, log);
  const passwords = new Passwords();
  const sessions = createSessions(sql);
  const accounts = createAccounts({ sql, passwords, config, setupCode: settings.setupCode });
  const links = createLinks({ sql, passwords, publicUrl: config.publicUrl });
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
  const hub = new EventHub({ sql, guards, log, recheckMs: config.recheckMs });
  for (const gauge of [...controlPlane.monitor.gauges(), ...hub.gauges()]) metrics.gauge(gauge);
  metrics.source(() => controlPlane.figures.lines());
  return {
    ...foundation,
    ...controlPlane,
    requests,
    metrics,
    limits,
    database: new DatabaseProbe(sql),
    tokens,
    guards,
    accounts,
    users: createUserService({ sql, tokens, passwords, sessions, accounts, sideChannel: auditSideChannel }),
    sessions,
    profile: createProfileService({ sql, passwords, sideChannel: auditSideChannel }),
    links,
    userAdministration: createUserAdministration({ sql, accounts, links }),
    teamAdministration: createTeamAdministration(sql),
    teams: createTeamService(sql),
    members: createMemberService(sql),
    oauth,
    signInOptions: createSignInOptions({ sql, config, providers: oauth.providers }),
    keys: createKeyService(sql),
    audit: createAuditService(sql),
    eventStreams: { hub, limits: new StreamLimits() },
    refreshCookie: createSecretCookie({
      name: "refresh",
      instanceId: settings.instanceId,
      isSecure: config.publicUrl.startsWith("https:"),
      sameSite: "strict",
      path: "/v1/auth",
      lifeSec: SESSION_SEC,
    }),
    auditSideChannel,
    ...createTraffic({ ...foundation, ...controlPlane, guards, limits, metrics, requests }),
    agentDownload: new AgentDownload(config.agentFile),
    dashboard: new DashboardFiles(config.webDirectory),
    background: [controlPlane.monitor, controlPlane.copies, hub, new Sweeper(sql, log)],
  };
};
