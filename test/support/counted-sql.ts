/** A pool that counts the statements that are sent outside transactions, and the transactions. */
import type { Sql } from "../../db/sql.ts";

export interface CountedSql {
  sql: Sql;
  /** So far. */
  count(): number;
}

const isTemplate = (value: unknown): boolean => Array.isArray(value) && "raw" in value;

/** The driver's queries and fragments alike are promises. */
const isFragment = (value: unknown): boolean => value instanceof Promise;

export const countStatements = (sql: Sql): CountedSql => {
  let count = 0;
  const counted = new Proxy(sql, {
    apply(target, self, args: unknown[]) {
      // A fragment inside another is a template of its own, but no statement.
      if (isTemplate(args[0])) count += 1 - args.slice(1).filter(isFragment).length;
      return Reflect.apply(target, self, args);
    },
    get(target, key, receiver) {
      if (key === "begin") count += 1;
      return Reflect.get(target, key, receiver);
    },
  });
  return { sql: counted, count: () => count };
};
