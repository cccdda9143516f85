/** Where a page of a list ends, as an opaque text. */
import { invalidRequest } from "../errors.ts";

const refused = () =>
  invalidRequest("cursor", "cursor", "cursor: take next_cursor of the page before, unchanged.");

/** @param parts values of the last row's sort columns, in full precision. */
export const encodeCursor = (parts: readonly string[]): string =>
  Buffer.from(JSON.stringify(parts)).toString("base64url");

/** The parts again. Throws 400 when the text is not a cursor of `length` parts that `isPart` accepts. */
export const decodeCursor = (
  cursor: string,
  length: number,
  isPart: (part: string, index: number) => boolean,
): string[] => {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    throw refused();
  }
  if (!Array.isArray(parts) || parts.length !== length) throw refused();
  const texts = parts.filter((part): part is string => typeof part === "string");
  if (texts.length !== length || !texts.every(isPart)) throw refused();
  return texts;
};

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** Of `limit + 1` rows asked for: the page, and a cursor when there are more. */
export const toPage = <T>(
  rows: readonly T[],
  limit: number,
  cursorOf: (last: T) => readonly string[],
): Page<T> => {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items, next_cursor: hasMore ? encodeCursor(cursorOf(last)) : null };
};
