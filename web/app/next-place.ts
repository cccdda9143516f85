/** Where a sign-in leads: back to where the person was going, if that is a place of ours. */
import { findRoute, HOME } from "../routes.ts";

/** @param next from the address, so from anyone: only paths of the dashboard count. */
export const nextPlace = (next: string | null): string => {
  if (next === null || !next.startsWith("/")) return HOME;
  const url = URL.parse(next, location.origin);
  if (url === null || url.origin !== location.origin) return HOME;
  const area = findRoute(url.pathname)?.route.area;
  return area === "dashboard" || area === "admin" ? `${url.pathname}${url.search}` : HOME;
};
