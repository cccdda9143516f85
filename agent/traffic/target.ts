/** Where a request to `/traffic/{sandbox_id}/{port}/…` goes, and what may not go there. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { parseSandboxId } from "../../proto/ids.ts";

export const TRAFFIC_PREFIX = "/traffic/";

export interface TrafficTarget {
  /** Bare UUID. */
  sandboxId: string;
  port: number;
  /** Path and query for the guest, byte for byte as they came. */
  pathAndQuery: string;
}

/** Only the agent itself may ask these of the guest agent. */
const INTERNAL = new Set(["init", "ports", "expose"]);

const SHAPE = /^\/traffic\/([^/?#]{1,64})\/(\d{1,5})(\/[^#]*|\?[^#]*)?$/;

/** @param rawTarget the request target as received, from the first slash. Null when it is not one. */
export const parseTarget = (rawTarget: string): TrafficTarget | null => {
  const match = SHAPE.exec(rawTarget);
  if (match === null) return null;
  const [, id = "", portText = "", rest = "/"] = match;
  const sandboxId = parseSandboxId(id);
  const port = Number(portText);
  if (sandboxId === null || port < 1 || port > 65_535) return null;
  return { sandboxId, port, pathAndQuery: rest.startsWith("/") ? rest : `/${rest}` };
};

const decodeFully = (path: string): string => {
  let text = path;
  for (let round = 0; round < 3; round++) {
    try {
      const next = decodeURIComponent(text);
      if (next === text) return text;
      text = next;
    } catch {
      return text;
    }
  }
  return text;
};

/** True for a route that answers 404 from outside, however it is spelled. */
export const isInternalRoute = ({ port, pathAndQuery }: TrafficTarget): boolean => {
  if (port !== GUEST_PORT) return false;
  const [path = ""] = pathAndQuery.split("?");
  // As the guest's own URL parser would see it: dots resolved, slashes of either kind collapsed.
  const decoded = decodeFully(path).replaceAll("\\", "/");
  const normal = new URL(`http://guest/${decoded.replaceAll(/[\t\n\r]/g, "")}`).pathname;
  const first = normal.split("/").find((segment) => segment !== "");
  return first !== undefined && INTERNAL.has(first.toLowerCase());
};
