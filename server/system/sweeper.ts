/** Removes rows whose time is over. Any number of servers may try; one at a time does it. */
import type { Sql, Tx } from "../../db/sql.ts";
import type { BackgroundJob } from "../background.ts";
import type { Log } from "../log.ts";
import { sampleSweeps } from "../samples/roll-up.ts";

const INTERVAL_MS = 10 * 60_000;
/** Rows per table and transaction: a sweep never holds much for long. */
const BATCH = 1_000;
/** Bound of one table's sweep; the next round goes on. */
const MAX_BATCHES = 100;
const LOCK = 0x73_77_65_65_70;

/** Each removes up to `BATCH` rows, or more, and tells how many. */
const SWEEPS: Record<string, (tx: Tx) => Promise<{ count: number }>> = {
  // A day longer than they count: someone may ask why.
  sessions: (tx) => tx`
    delete from sessions where id in (
      select id from sessions where expires_at < now() - interval '1 day' limit ${BATCH})`,
  oneTimeLinks: (tx) => tx`
    delete from one_time_links where id in (
      select id from one_time_links where expires_at < now() - interval '1 day' limit ${BATCH})`,
  oauthFlows: (tx) => tx`
    delete from oauth_flows where state_hash in (
      select state_hash from oauth_flows where expires_at < now() limit ${BATCH})`,
  idempotencyKeys: (tx) => tx`
    delete from idempotency_keys where ctid in (
      select ctid from idempotency_keys where created_at < now() - interval '24 hours' limit ${BATCH})`,
  rateLimits: (tx) => tx`
    delete from rate_limits where ctid in (
      select ctid from rate_limits where window_start < now() - interval '1 day' limit ${BATCH})`,
  // There may be many times more of them than of anything else.
  events: (tx) => tx`
    delete from events where id in (
      select id from events where created_at < now() - interval '1 hour' limit ${10 * BATCH})`,
  monitorHolds: (tx) => tx`
    delete from monitor_holds where id in (
      select id from monitor_holds where ended_at < now() - interval '30 days' limit ${BATCH})`,
  endedSandboxes: (tx) => tx`
    delete from sandboxes where id in (
      select id from sandboxes
      where status in ('stopped', 'error') and updated_at < now() - interval '30 days' limit ${BATCH})`,
  ...sampleSweeps(10 * BATCH),
};

export class Sweeper implements BackgroundJob {
  #timer: ReturnType<typeof setInterval> | null = null;
  #round: Promise<void> = Promise.resolve();
  #isStopping = false;

  constructor(
    private readonly sql: Sql,
    private readonly log: Log,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#round = this.sweep().catch((error) => this.log.warn("the sweep failed", { error }));
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#round;
  }

  /** One round over all tables. */
  async sweep(): Promise<void> {
    for (const remove of Object.values(SWEEPS)) {
      for (let batch = 0; batch < MAX_BATCHES && !this.#isStopping; batch += 1) {
        if ((await this.#once(remove)) < BATCH) break;
      }
    }
  }

  #once(remove: (tx: Tx) => Promise<{ count: number }>): Promise<number> {
    return this.sql.begin(async (tx) => {
      const [lock] = await tx`select pg_try_advisory_xact_lock(${LOCK}) as held`;
      return lock?.["held"] === true ? (await remove(tx)).count : 0;
    });
  }
}
