/**
 * Which of the servers on one database leads: the one whose session holds an advisory lock. PostgreSQL lets go
 * of it with the session: at once when the process dies, and after a while when it only falls silent, frozen or
 * cut off.
 */
import { connectSession, type Sql, type Tx } from "../../../db/sql.ts";
import type { BackgroundJob } from "../../background.ts";
import type { Log } from "../../log.ts";

// Any number will do as long as it never changes: "lead" in ASCII.
export const LEADER_LOCK = 0x6c_65_61_64;

/** With a shorter one, a busy moment of the process would cost it the lead. */
const SHORTEST_LEASE_MS = 5_000;
/** Questions of the leader within one lease: losing the answer to one is nothing. */
const ASKS_PER_LEASE = 3;
const END_SEC = 1;

/** The lead, while it lasts. */
export interface Lead {
  /** By the database's clock. */
  since: Date;
  /**
   * A transaction in the session that holds the lock: what it writes counts only if no other server led
   * before its commit. Throws `LeadLost`.
   */
  begin<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

/** The session that held the lock is gone. */
export class LeadLost extends Error {
  override name = "LeadLost";
}

export class Leadership implements BackgroundJob {
  readonly #session: Sql;
  readonly #leaseMs: number;
  #lead: Lead | null = null;
  /** When the session last answered, in ms of the monotonic clock. */
  #answeredAtMs = 0;
  #timer: Timer | null = null;
  #isAsking = false;
  #isStopped = false;

  /**
   * @param options.everyMs how often the leader shows that it lives, and the others try.
   * @param options.onLead called each time this server begins to lead.
   */
  constructor(
    sql: Sql,
    private readonly options: { name: string; everyMs: number; log: Log; onLead: () => void },
  ) {
    this.#leaseMs = Math.max(options.everyMs * ASKS_PER_LEASE, SHORTEST_LEASE_MS);
    this.#session = connectSession(sql, {
      applicationName: "wrenn monitor",
      idleMs: this.#leaseMs,
      onClose: () => this.#lose(),
    });
  }

  /** Null while another server leads, or none. */
  get lead(): Lead | null {
    // A session that says nothing for as long as a lease has ended, whether or not that was heard of here.
    return performance.now() - this.#answeredAtMs < this.#leaseMs ? this.#lead : null;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#ask(), this.options.everyMs);
    void this.#ask();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer) clearInterval(this.#timer);
    this.#lead = null;
    await this.#session.end({ timeout: END_SEC });
  }

  #lose(): void {
    if (this.#lead === null) return;
    this.#lead = null;
    this.options.log.warn("this server leads no more: its session with the database ended");
  }

  async #ask(): Promise<void> {
    if (this.#isAsking || this.#isStopped) return;
    this.#isAsking = true;
    try {
      if (this.#lead === null) await this.#tryToLead();
      else await this.#lead.begin(async () => {});
      this.#answeredAtMs = performance.now();
    } catch (error) {
      this.#lose();
      this.options.log.warn("asking the database who leads failed", { error });
    } finally {
      this.#isAsking = false;
    }
  }

  async #tryToLead(): Promise<void> {
    const [row] = await this.#session<{ held: boolean; pid: number; now: Date }[]>`
      select pg_try_advisory_lock(${LEADER_LOCK}) as held, pg_backend_pid() as pid, clock_timestamp() as now`;
    if (!row?.held || this.#isStopped) return;
    this.#answeredAtMs = performance.now();
    this.#lead = { since: row.now, begin: (work) => this.#beginIn(row.pid, work) };
    this.options.log.info("this server leads the monitor now", { name: this.options.name });
    this.options.onLead();
  }

  /** The driver connects again by itself; a new session holds no lock. */
  async #beginIn<T>(pid: number, work: (tx: Tx) => Promise<T>): Promise<T> {
    const { value } = await this.#session.begin(async (tx: Tx) => {
      const [session] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
      if (session?.pid === pid) return { value: await work(tx) };
      this.#lose();
      throw new LeadLost("the session that held the lock ended");
    });
    return value;
  }
}
