/**
 * Reads the events table in the session that listens for its bell: what rings cannot be missed, for a session that
 * ended is noticed by the next reading, and a new one goes on from the cursor.
 */
import { connectSession, type Sql } from "../../db/sql.ts";
import type { Change } from "./change.ts";
import type { Cursor } from "./cursor.ts";
import type { ResyncReason } from "./messages.ts";
import { type Interest, listen, readChanges } from "./store.ts";

/** PostgreSQL ends a session that was silent for this long: the hub reads several times as often. */
const IDLE_MS = 30_000;
/** A reading that takes longer has a dead connection. */
const READ_MS = 5_000;
const END_SEC = 1;
/** Things that changed and are told one by one; more at once are fetched as a whole. */
export const MAX_CHANGES = 5_000;
/** How far back a cursor may be. Rows are kept for longer, by more than any transaction takes. */
export const REACH_MS = 10 * 60_000;

/** Why changes cannot be told from a cursor on. */
export type Lost = Extract<ResyncReason, "too_old" | "unknown" | "too_many">;

export type Reading = { now: Cursor; hasRunning: boolean } & (
  { changes: readonly Change[]; lost: null } | { changes: null; lost: Lost }
);

/** The connection is not the one that listened: what rang meanwhile was not heard. */
class SessionReplaced extends Error {
  override name = "SessionReplaced";
}

export class EventFeed {
  #session: Sql | null = null;
  /** Of the session that listens. */
  #pid: number | null = null;

  constructor(
    private readonly sql: Sql,
    private readonly onRing: () => void,
  ) {}

  /**
   * What was committed since the cursor; nothing without one, which only tells where things are. Throws what the
   * driver throws; the next call tries with a new session.
   */
  async read(since: Cursor | null, interest: Interest = null): Promise<Reading> {
    const late = setTimeout(() => void this.close(), READ_MS);
    try {
      const session = (this.#session ??= this.#open());
      this.#pid ??= await listen(session);
      const read = await readChanges(session, { since, interest, limit: MAX_CHANGES + 1 });
      if (read.pid !== this.#pid) throw new SessionReplaced("the session that listened ended");
      const { now, hasRunning, changes } = read;
      const isTooOld = since !== null && now.atMs - since.atMs > REACH_MS;
      if (read.isForeign) return { now, hasRunning, changes: null, lost: "unknown" };
      if (isTooOld) return { now, hasRunning, changes: null, lost: "too_old" };
      if (changes.length > MAX_CHANGES) return { now, hasRunning, changes: null, lost: "too_many" };
      return { now, hasRunning, changes, lost: null };
    } catch (error) {
      void this.close();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = null;
    this.#pid = null;
    await session?.end({ timeout: END_SEC }).catch(() => {
      // Nothing is left to end.
    });
  }

  #open(): Sql {
    return connectSession(this.sql, {
      applicationName: "wrenn events",
      idleMs: IDLE_MS,
      // The hub reads at once, notices, and opens another.
      onClose: this.onRing,
      onNotify: this.onRing,
    });
  }
}
