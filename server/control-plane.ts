/** The parts that look after hosts and sandboxes, made once and given to each other. */
import type { Sql } from "../db/sql.ts";
import type { AuditSideChannel } from "./audit/side-channel.ts";
import type { Tokens } from "./auth/tokens.ts";
import type { ServerConfig } from "./config.ts";
import type { Keys } from "./e2b/present.ts";
import { CallTokens } from "./hosts/call-tokens.ts";
import { HostClientPool } from "./hosts/client-pool.ts";
import { Dialer } from "./hosts/dial.ts";
import { DrainCalls } from "./hosts/drain.ts";
import { HostFigures } from "./hosts/figures.ts";
import { HostMonitor } from "./hosts/monitor/monitor.ts";
import type { RegistrationDeps } from "./hosts/registration.ts";
import { RoundRobin } from "./hosts/scheduler.ts";
import type { HostDeps } from "./hosts/service.ts";
import type { Log } from "./log.ts";
import { SampleCollector } from "./samples/collector.ts";
import { accessTokens, trafficTokens } from "./sandboxes/access-token.ts";
import type { SandboxContext } from "./sandboxes/context.ts";
import { DEFAULT_LIMITS } from "./sandboxes/limits.ts";
import type { Settings } from "./settings.ts";
import { TemplateCopies } from "./templates/copies.ts";
import type { SnapshotDeps } from "./templates/snapshots.ts";
import { GuestDoor } from "./traffic/guest-door.ts";

export interface ControlPlane {
  hosts: HostDeps;
  drains: DrainCalls;
  registration: RegistrationDeps;
  monitor: HostMonitor;
  copies: TemplateCopies;
  figures: HostFigures;
  sandboxes: SandboxContext;
  snapshots: SnapshotDeps;
  guests: GuestDoor;
  callTokens: CallTokens;
  e2b: Keys;
}

export const createControlPlane = (foundation: {
  config: ServerConfig;
  sql: Sql;
  settings: Settings;
  log: Log;
  tokens: Tokens;
  audit: AuditSideChannel;
}): ControlPlane => {
  const { config, sql, settings, log, tokens, audit } = foundation;
  const callTokens = new CallTokens(settings.callKey.privateKey, settings.instanceId);
  const pool = new HostClientPool(callTokens);
  const accessToken = accessTokens(settings.trafficKey);
  const hosts = { sql, hosts: pool, log };
  const drains = new DrainCalls(hosts);
  // Every host is asked in every round.
  const figures = new HostFigures(3 * config.monitorMs);
  const copies = new TemplateCopies(hosts);
  return {
    hosts,
    drains,
    registration: { sql, tokens, settings, dialer: new Dialer(pool, log), config },
    monitor: new HostMonitor(
      {
        ...hosts,
        drains,
        quarantineMs: config.quarantineMs,
        samples: new SampleCollector({ ...hosts, figures }),
      },
      config,
    ),
    copies,
    figures,
    sandboxes: { ...hosts, scheduler: new RoundRobin(), copies, accessToken, limits: DEFAULT_LIMITS, audit },
    snapshots: hosts,
    guests: new GuestDoor(callTokens, accessToken),
    callTokens,
    e2b: { accessToken, trafficToken: trafficTokens(settings.trafficKey), domain: config.sandboxDomain },
  };
};
