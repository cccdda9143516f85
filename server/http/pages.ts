/** Lists in pages: the cursor is opaque to clients and says where the page before ended. */
import { type TSchema, t } from "elysia";

import { invalidRequest } from "../errors.ts";

export const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

/** Query of every list. */
export const PageQuery = {
  limit: t.Optional(
    t.Integer({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT, description: "Items per page" }),
  ),
  cursor: t.Optional(t.String({ maxLength: 512, description: "`next_cursor` of the page before" })),
};

export const pageOf = <T extends TSchema>(item: T) =>
  t.Object({
    items: t.Array(item),
    next_cursor: t.Nullable(t.String({ description: "Null on the last page" })),
  });

export const encodeCursor = (parts: string[]): string =>
  Buffer.from(JSON.stringify(parts)).toString("base64url");

/**
 * The parts that `encodeCursor` was given; null without a cursor. 400 `invalid_request` for anything that
 * this server did not make.
 * @param patterns one per part.
 */
export const decodeCursor = (cursor: string | undefined, patterns: RegExp[]): string[] | null => {
  if (cursor === undefined) return null;
  let parts: unknown = null;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    // Told below, as every other damage.
  }
  const fits =
    Array.isArray(parts) &&
    parts.length === patterns.length &&
    patterns.every((pattern, index) => typeof parts[index] === "string" && pattern.test(parts[index]));
  if (!fits) throw invalidRequest("cursor", "cursor", "cursor is not one that a list gave.");
  return parts as string[];
};

/** Cuts what was read with `limit + 1` rows to a page. */
export const toPage = <R, I>(
  rows: R[],
  limit: number,
  { present, cursor }: { present: (row: R) => I; cursor: (row: R) => string[] },
): { items: I[]; next_cursor: string | null } => {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(present),
    next_cursor: rows.length > limit && last !== undefined ? encodeCursor(cursor(last)) : null,
  };
};

export const pageLimit = (limit: number | undefined): number => limit ?? DEFAULT_LIMIT;
