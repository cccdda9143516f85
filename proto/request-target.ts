/** Path and query of a request as they were received. */

const ORIGIN = /^https?:\/\/[^/?#]*/;

/**
 * From the first slash.
 * @param url of a request; Bun leaves the origin out where the Host header is none
 */
export const requestTarget = (url: string): string => {
  const rest = url.replace(ORIGIN, "");
  return rest.startsWith("/") ? rest : `/${rest}`;
};
