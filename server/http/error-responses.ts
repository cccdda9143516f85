/** The error answers of a route, for its `response` schema. */
import type { TSchema } from "@sinclair/typebox";

import { ErrorBody } from "./schemas.ts";

type WithErrors<T, S extends readonly number[]> = T & Record<S[number], typeof ErrorBody>;

/** `success` by status, and the common error body for each of `statuses`. */
export const withErrors = <T extends Record<number, TSchema>, const S extends readonly number[]>(
  success: T,
  statuses: S,
): WithErrors<T, S> => {
  // Whoever signs in is limited, and so is whoever fails to.
  const limited = statuses.includes(401) ? [429] : [];
  const errors = Object.fromEntries([...statuses, ...limited].map((status) => [status, ErrorBody]));
  return { ...success, ...errors };
};
