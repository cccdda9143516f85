/** Answers of a program that does not know below which path it is shown. */

const ORIGIN = /^https?:\/\/[^/?#]*/i;

/** A path of the program's as the browser must ask for it. */
const below = (prefix: string, path: string): string =>
  path === prefix || path.startsWith(`${prefix}/`) ? path : prefix + path;

/** Where it leads: an address of the program's own is moved below the prefix, others stay. */
const moveLocation = (location: string, prefix: string, origin: string): string => {
  const named = ORIGIN.exec(location)?.[0];
  if (named !== undefined && named.toLowerCase() !== origin) return location;
  const path = named === undefined ? location : location.slice(named.length) || "/";
  return path.startsWith("/") && !path.startsWith("//") ? below(prefix, path) : location;
};

/** Its cookies are sent to it alone, not to what else is shown on this port. */
const moveCookie = (cookie: string, prefix: string): string =>
  cookie
    .split(";")
    .filter((part, index) => index === 0 || !/^\s*domain\s*=/i.test(part))
    .map((part, index) => {
      const path = index === 0 ? undefined : /^\s*path\s*=\s*(\/.*?)\s*$/i.exec(part)?.[1];
      return path === undefined ? part : ` Path=${below(prefix, path)}`;
    })
    .join(";");

/** @param origin of the request, lower case, as `http://192.0.2.1:4401` */
export const moveBelow = (headers: Headers, prefix: string, origin: string): void => {
  const location = headers.get("location");
  if (location !== null) headers.set("location", moveLocation(location, prefix, origin));
  const cookies = headers.getSetCookie();
  if (cookies.length === 0) return;
  headers.delete("set-cookie");
  for (const cookie of cookies) headers.append("set-cookie", moveCookie(cookie, prefix));
};
