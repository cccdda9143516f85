/** Picks the private addresses of an instance where nothing on this machine leads to already. */
import { run } from "../system/exec.ts";
import { type AddressRange, overlaps, parseCidr } from "./cidr.ts";
import { indexAfter, interfacePrefix, RANGE_SIZE } from "./plan.ts";

/** Upper parts of two private networks: lower ones are what people number their own with. */
const CANDIDATE_NETWORKS = ["10.192.0.0/10", "172.24.0.0/13"];

/** No free range is left; the message says what to do. */
export class NoAddressRange extends Error {
  override name = "NoAddressRange";
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

interface Route {
  destination: AddressRange;
  device: string;
}

/** @param text output of `ip -j -4 route show table all`; default routes and other odd entries are left out */
export const parseRoutes = (text: string): Route[] => {
  const parsed: unknown = JSON.parse(text.trim() === "" ? "[]" : text);
  if (!Array.isArray(parsed)) return [];
  return parsed.filter(isRecord).flatMap((route) => {
    const { dst, dev } = route;
    if (typeof dst !== "string" || !/^\d/.test(dst)) return [];
    return [{ destination: parseCidr(dst), device: typeof dev === "string" ? dev : "" }];
  });
};

/** The range this instance's slots already lie in: the lowest address of slot `index` is `first + 2 * index`. */
const findRangeInUse = (routes: Route[], prefix: string): AddressRange | null => {
  for (const { destination, device } of routes) {
    const index = indexAfter(prefix, device);
    if (index === null || destination.last !== destination.first + 1) continue;
    const first = destination.first - 2 * index;
    return { first, last: first + RANGE_SIZE - 1 };
  }
  return null;
};

/** The instance decides where the search begins, so that two of them rarely meet. */
export const chooseRange = (instanceId: string, routes: Route[]): AddressRange => {
  const inUse = findRangeInUse(routes, interfacePrefix(instanceId));
  if (inUse !== null) return inUse;
  const candidates = CANDIDATE_NETWORKS.map(parseCidr).flatMap(({ first, last }) =>
    Array.from({ length: (last + 1 - first) / RANGE_SIZE }, (_, index) => first + index * RANGE_SIZE),
  );
  const start = Number.parseInt(instanceId, 16) % candidates.length;
  for (const first of [...candidates.slice(start), ...candidates.slice(0, start)]) {
    const range = { first, last: first + RANGE_SIZE - 1 };
    if (!routes.some(({ destination }) => overlaps(destination, range))) return range;
  }
  throw new NoAddressRange(
    `every private range in ${CANDIDATE_NETWORKS.join(" and ")} is routed on this machine already: ` +
      "free 2048 addresses there for sandboxes",
  );
};

export const readRoutes = async (): Promise<Route[]> =>
  parseRoutes(await run(["ip", "-j", "-4", "route", "show", "table", "all"]));
