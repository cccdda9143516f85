/** Pages of E2B's lists: a bare array, and the place of the next one in the header `x-next-token`. */
import { t } from "elysia";

import { ApiError, invalidRequest } from "../errors.ts";
import { decodeCursor, type Page } from "../http/cursors.ts";

export const MAX_PAGE = 100;
/** The older lists know no pages. */
export const MAX_LIST = 1_000;

export const PageQuery = {
  limit: t.Optional(t.Integer({ minimum: 1, maximum: MAX_PAGE, default: MAX_PAGE })),
  nextToken: t.Optional(t.String({ maxLength: 512, description: "`x-next-token` of the page before" })),
};

/** The parts of a token; null for none. Throws 400. */
export const readToken = (
  token: string | undefined,
  length: number,
  isPart: (part: string, index: number) => boolean,
): string[] | null => {
  if (token === undefined || token === "") return null;
  try {
    return decodeCursor(token, length, isPart);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw invalidRequest(
      "nextToken",
      "cursor",
      "nextToken: take x-next-token of the page before, unchanged.",
    );
  }
};

/** The items; the header only when there are more. */
export const sendPage = <T>(
  { items, next_cursor }: Page<T>,
  set: { headers: Record<string, string | number | string[] | undefined> },
): T[] => {
  if (next_cursor !== null) set.headers["x-next-token"] = next_cursor;
  return items;
};
