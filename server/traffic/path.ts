/** The path of a request as a sandbox is to see it. */
import { requestTarget } from "../../proto/request-target.ts";

/**
 * Path and query, from the first slash. Dots that lead upwards are resolved here: what is put behind a sandbox's
 * own path at its host must not lead out of it again.
 */
export const pathOf = (url: string): string => {
  const { pathname, search } = new URL(`http://sandbox${requestTarget(url)}`);
  return pathname + search;
};
