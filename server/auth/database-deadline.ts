/**
 * A bound on the wait for the database. The database's own timeout ends a long statement, but says nothing
 * when it is frozen or the way to it is cut. Every request's first query is its guard's, so this is where
 * such a database is noticed.
 */
import { unavailable } from "../errors.ts";

const DEADLINE_MS = 5_000;

/** The answer of `query`, or 503 when it takes too long. The query itself is left to its connection. */
export const withinDeadline = <T>(query: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(unavailable("database_unavailable", "The database does not answer just now. Try again.")),
      DEADLINE_MS,
    );
    query.finally(() => clearTimeout(timer)).then(resolve, reject);
  });
