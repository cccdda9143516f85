/**
 * Audit rows for events that change nothing else (a failed sign-in): written beside the request, which they
 * can neither fail nor delay.
 */
import type { Sql } from "../../db/sql.ts";
import type { Log } from "../log.ts";
import type { AuditEntry } from "./entry.ts";
import { record } from "./record.ts";

/** Entries waiting at once; past it the newest is dropped, and the log says so. */
const MAX_WAITING = 1_000;
const ATTEMPTS = 5;
const FIRST_RETRY_MS = 100;

export class AuditSideChannel {
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly sql: Sql,
    private readonly log: Log,
  ) {}

  /** Never throws and never blocks. One writer at a time, so it takes one connection at most. */
  record(entry: AuditEntry): void {
    if (this.#waiting >= MAX_WAITING) {
      this.log.error("audit entry dropped: too many are waiting", { action: entry.action });
      return;
    }
    this.#waiting += 1;
    this.#last = this.#last.then(() => this.#write(entry)).finally(() => (this.#waiting -= 1));
  }

  /** Resolves when all that was recorded so far is written or given up. */
  drain(): Promise<void> {
    return this.#last;
  }

  async #write(entry: AuditEntry): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.sql.begin((tx) => record(tx, entry));
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) {
          this.log.error("audit entry lost", { action: entry.action, error });
          return;
        }
        await Bun.sleep(FIRST_RETRY_MS * 2 ** (attempt - 1));
      }
    }
  }
}
