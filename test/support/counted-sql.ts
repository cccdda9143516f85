/** A pool that counts the statements that are sent outside transactions, and the transactions. */
import type { Sql } from "../../db/sql.ts";

export interface CountedSql {
  sql: Sql;
  /** So far. */
  count(): number;
}

const isTemplate = (value: unknown): boolean => Array.isArray(value) && "raw" in value;

/** Pieces of a statement count as one more each; the heartbeat has none. */
export const countStatements = (sql: Sql): CountedSql => {
  let count = 0;
  const counted = new Proxy(sql, {
    apply(target, self, args: unknown[]) {
      if (isTemplate(args[0])) count += 1;
      return Reflect.apply(target, self, args);
    },
    get(target, key, receiver) {
      if (key === "begin") count += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  return { sql: counted, count: () => count };
};
