/**
 * The streams of one server: reads the events table when its bell rings, and gives each client what is for it.
 * Readings, joins and checks of rights happen one after the other, so a client never hears something older after
 * something newer, and nothing that it lost the right to.
 */
import type { Sql } from "../../db/sql.ts";
import { eachLimited } from "../../proto/limit.ts";
import type { Guards } from "../auth/context.ts";
import type { BackgroundJob } from "../background.ts";
import { toApiError } from "../errors.ts";
import type { Log } from "../log.ts";
import type { Gauge } from "../metrics.ts";
import { Changes } from "./change.ts";
import type { EventClient } from "./client.ts";
import type { Cursor } from "./cursor.ts";
import { EventFeed } from "./feed.ts";
import { tell } from "./telling.ts";

/** At most this often is the table read, whatever rings. */
const GAP_MS = 20;
/** Without a bell: a sign of life for the session, and the last resort should a bell be lost. */
const LOOK_MS = 5_000;
/**
 * From one look to the next after a ring, for as long as a commit takes that left the ringing to another: a snapshot
 * does not tell of transactions younger than the last that ended. While it tells of some, looks go on.
 */
const FIRST_LOOK_AGAIN_MS = 40;
const LONGEST_LOOK_AGAIN_MS = 500;
const KEEPALIVE_MS = 15_000;
const CHECKS_AT_ONCE = 8;

export interface HubDeps {
  sql: Sql;
  guards: Guards;
  log: Log;
  /** How often each client's rights are read, without anything that touches them. */
  recheckMs: number;
}

export class EventHub implements BackgroundJob {
  readonly #feed: EventFeed;
  readonly #clients = new Set<EventClient>();
  /** Not greeted yet. */
  readonly #joining = new Set<EventClient>();
  /** Where all clients are; null while there are none. */
  #cursor: Cursor | null = null;
  #bell = Promise.withResolvers<void>();
  #lookAgainMs = FIRST_LOOK_AGAIN_MS;
  #isAway = false;
  #isStopping = false;
  #isCheckDue = false;
  #loop: Promise<void> = Promise.resolve();
  #timers: Timer[] = [];

  constructor(private readonly deps: HubDeps) {
    this.#feed = new EventFeed(deps.sql, () => this.#ring());
  }

  start(): void {
    this.#timers = [
      setInterval(() => this.#keepAlive(), KEEPALIVE_MS),
      setInterval(() => {
        this.#isCheckDue = true;
        this.#ring();
      }, this.deps.recheckMs),
    ];
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const client of [...this.#clients, ...this.#joining]) client.outbox.end();
    this.#ring();
    await this.#feed.close();
    await this.#loop;
    await this.#feed.close();
  }

  /** The client's outbox begins to fill; whoever reads it calls `leave` in the end. */
  join(client: EventClient): void {
    if (this.#isStopping) {
      client.outbox.end();
      return;
    }
    this.#joining.add(client);
    this.#ring();
  }

  leave(client: EventClient): void {
    client.outbox.end();
    this.#joining.delete(client);
    this.#clients.delete(client);
  }

  gauges(): Gauge[] {
    return [
      {
        name: "event_streams",
        help: "Streams of events that this server has open.",
        read: () => this.#clients.size + this.#joining.size,
      },
    ];
  }

  #ring(): void {
    this.#lookAgainMs = FIRST_LOOK_AGAIN_MS;
    this.#bell.resolve();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping) {
      this.#bell = Promise.withResolvers();
      let waitMs = LOOK_MS;
      try {
        waitMs = await this.#turn();
        if (this.#isAway) this.deps.log.info("events are told again");
        this.#isAway = false;
      } catch (error) {
        waitMs = LONGEST_LOOK_AGAIN_MS;
        if (!this.#isAway && !this.#isStopping) {
          this.deps.log.warn("events cannot be read; clients wait until they can", { error });
        }
        this.#isAway = true;
      }
      await this.#rest(waitMs);
    }
  }

  /** Until the bell rings, or so long. */
  async #rest(ms: number): Promise<void> {
    if (this.#isStopping) return;
    await Bun.sleep(GAP_MS);
    let timer: Timer | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, ms)));
    await Promise.race([this.#bell.promise, late]);
    clearTimeout(timer);
  }

  /** Everything once: what changed, rights, newcomers. @returns when to look again at the latest, in ms. */
  async #turn(): Promise<number> {
    if (this.#clients.size + this.#joining.size === 0) this.#cursor = null;
    const reading = await this.#feed.read(this.#cursor);
    if (reading.lost !== null) {
      for (const client of this.#clients) client.resync(reading.now, reading.lost);
    } else if (reading.changes.length > 0) {
      await this.#tell(new Changes(reading.changes), reading.now);
    }
    this.#cursor = reading.now;
    if (this.#isCheckDue) {
      await this.#check([...this.#clients]);
      this.#isCheckDue = false;
    }
    for (const client of this.#joining) await this.#greet(client, reading.now);
    return this.#clients.size === 0 ? LOOK_MS : this.#nextLookMs(reading.hasRunning);
  }

  #nextLookMs(hasRunning: boolean): number {
    const waitMs = this.#lookAgainMs;
    if (waitMs === LONGEST_LOOK_AGAIN_MS && !hasRunning) return LOOK_MS;
    this.#lookAgainMs = Math.min(waitMs * 2, LONGEST_LOOK_AGAIN_MS);
    return waitMs;
  }

  async #tell(changes: Changes, now: Cursor): Promise<void> {
    await this.#check([...this.#clients].filter(({ audience }) => audience.isTouchedBy(changes)));
    const told = await tell(this.deps.sql, changes, [...this.#clients]);
    for (const [client, frames] of told) client.tell(now, frames);
  }

  async #greet(client: EventClient, now: Cursor): Promise<void> {
    const { since, audience } = client;
    if (since === null) {
      client.greet(now, { resumed: false, frames: [] });
    } else if (since === "unknown") {
      client.resync(now, "unknown");
    } else {
      const missed = await this.#feed.read(since, audience.interest);
      if (missed.lost === null) {
        const told = await tell(this.deps.sql, new Changes(missed.changes), [client]);
        client.greet(missed.now, { resumed: true, frames: told.get(client) ?? [] });
      } else {
        client.resync(missed.now, missed.lost);
      }
    }
    // Gone meanwhile?
    if (this.#joining.delete(client)) this.#clients.add(client);
  }

  /** Reads their rights; who has none any more is told so and leaves. Throws when the database is away. */
  async #check(clients: readonly EventClient[]): Promise<void> {
    const results = await eachLimited(clients, CHECKS_AT_ONCE, async (client) => {
      try {
        client.audience = await client.audience.renew(this.deps.guards);
      } catch (thrown) {
        if (toApiError(thrown).status >= 500) throw thrown;
        client.dismiss(thrown);
        this.#clients.delete(client);
      }
    });
    const failed = results.find((result) => result.status === "rejected");
    if (failed) throw failed.reason;
  }

  #keepAlive(): void {
    const cursor = this.#cursor;
    if (cursor === null) return;
    for (const client of this.#clients) {
      if (!client.keepAlive(cursor)) this.leave(client);
    }
  }
}
