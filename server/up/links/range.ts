/** Picks the private addresses of the links where nothing on this machine leads to already. */
import { CommandFailure } from "../failure.ts";
import { pick } from "../json.ts";
import { runTool } from "../system-tool.ts";
import { devicePrefix, numberAfter, RANGE_SIZE } from "./plan.ts";

export interface Route {
  /** First and last address, inclusive, as unsigned numbers. */
  first: number;
  last: number;
  device: string;
}

/** 10.128.0.0/10: agents take their sandboxes' addresses from elsewhere. */
const FIRST = 10 * 2 ** 24 + 128 * 2 ** 16;
const CANDIDATES = 2 ** 22 / RANGE_SIZE;

/** @param text output of `ip -j -4 route show table all`; default routes and other odd entries are left out */
export const parseRoutes = (text: string): Route[] => {
  const parsed: unknown = JSON.parse(text.trim() === "" ? "[]" : text);
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((route) => {
    const device = pick(route, "dev");
    const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(String(pick(route, "dst")));
    if (match === null) return [];
    const address = match.slice(1, 5).reduce((sum, octet) => sum * 256 + Number(octet), 0);
    const size = 2 ** (32 - Number(match[5] ?? 32));
    const first = address - (address % size);
    return [{ first, last: first + size - 1, device: typeof device === "string" ? device : "" }];
  });
};

/** Links that are there already stay where they are. */
const findRangeInUse = (label: string, routes: Route[]): number | null => {
  for (const { first, last, device } of routes) {
    const number = numberAfter(devicePrefix(label), device);
    if (number !== null && last === first + 1) return first - 2 * number;
  }
  return null;
};

/** Lowest address of the range. The label decides where the search begins: the same one as last time. */
export const chooseRange = (label: string, routes: Route[]): number => {
  const inUse = findRangeInUse(label, routes);
  if (inUse !== null) return inUse;
  const start = Number.parseInt(label, 16) % CANDIDATES;
  for (let index = 0; index < CANDIDATES; index += 1) {
    const first = FIRST + ((start + index) % CANDIDATES) * RANGE_SIZE;
    const last = first + RANGE_SIZE - 1;
    if (!routes.some((route) => route.first <= last && first <= route.last)) return first;
  }
  throw new CommandFailure(
    "address_taken",
    `all of 10.128.0.0/10 is routed on this machine already: free ${RANGE_SIZE} addresses there for hosts`,
  );
};

export const readRoutes = async (): Promise<Route[]> =>
  parseRoutes(await runTool(["ip", "-j", "-4", "route", "show", "table", "all"]));
