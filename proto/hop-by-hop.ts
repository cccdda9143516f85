/** The headers of one connection, which a forwarder does not pass on to the next. */

/** RFC 9110 section 7.6.1, and the old proxy ones. `Upgrade` is handled where it means WebSocket. */
const HOP_BY_HOP = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** A copy without them, and without what `Connection` names. */
export const withoutHopByHop = (headers: Headers): Headers => {
  const kept = new Headers(headers);
  const named = (headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  for (const name of [...HOP_BY_HOP, ...named]) if (name !== "") kept.delete(name);
  return kept;
};

const WEB_SOCKET_OWN = ["key", "version", "extensions", "accept", "protocol"];

/** Of an upgrade's headers, what the next connection's WebSocket client does not set by itself. */
export const toUpgradeHeaders = (headers: Headers): Record<string, string> => {
  const kept = withoutHopByHop(headers);
  for (const name of WEB_SOCKET_OWN) kept.delete(`sec-websocket-${name}`);
  kept.delete("content-length");
  return Object.fromEntries(kept);
};

/** The protocols an upgrade offers, in its order. */
export const offeredProtocols = (headers: Headers): string[] => {
  const offered = headers.get("sec-websocket-protocol");
  return offered === null ? [] : offered.split(",").map((name) => name.trim());
};

export const isWebSocketUpgrade = ({ headers }: Request): boolean =>
  headers.get("upgrade")?.toLowerCase() === "websocket";
