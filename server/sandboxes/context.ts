/** What the sandbox use cases work with. */
import type { Sql } from "../../db/sql.ts";
import type { AuditSideChannel } from "../audit/side-channel.ts";
import type { HostClientPool } from "../hosts/client-pool.ts";
import type { Scheduler } from "../hosts/scheduler.ts";
import type { Log } from "../log.ts";
import type { TemplateCopies } from "../templates/copies.ts";
import type { TeamLimits } from "./limits.ts";

export interface SandboxContext {
  sql: Sql;
  hosts: HostClientPool;
  scheduler: Scheduler;
  /** Bring a template to a host that does not hold it. */
  copies: TemplateCopies;
  /** A sandbox's own access token, the same on every server; takes the bare UUID. */
  accessToken: (sandboxId: string) => string;
  /** Instance-wide; a team may have its own. */
  limits: TeamLimits;
  /** For creates that fail before there is a row. */
  audit: AuditSideChannel;
  log: Log;
}
