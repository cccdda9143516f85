/** Whether the database answers, asked so that a dead one costs no more than the limit. */
import type { Sql } from "../../db/sql.ts";

const LIMIT_MS = 2_000;

export class DatabaseProbe {
  #asked: Promise<boolean> | null = null;

  constructor(private readonly sql: Sql) {}

  /** Callers at the same time share one question. */
  isReachable(): Promise<boolean> {
    this.#asked ??= this.#ask().finally(() => (this.#asked = null));
    return this.#asked;
  }

  async #ask(): Promise<boolean> {
    const query = this.sql`select 1`;
    const timer = setTimeout(() => query.cancel(), LIMIT_MS);
    const late = new Promise<boolean>((resolve) => setTimeout(resolve, LIMIT_MS, false).unref());
    const answer = query.then(
      () => true,
      () => false,
    );
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
