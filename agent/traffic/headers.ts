/** Which headers pass between the server and a sandbox: all but those of the connection itself. */

import { HOST_ERROR_HEADER, HOST_STATUS_HEADER } from "../../proto/host-errors.ts";

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

/** Proves the server to the agent; never shown to a sandbox. */
export const AGENT_AUTHORIZATION = "wrenn-authorization";

const withoutHopByHop = (headers: Headers): Headers => {
  const kept = new Headers(headers);
  const named = (headers.get("connection") ?? "").split(",").map((name) => name.trim().toLowerCase());
  for (const name of [...HOP_BY_HOP, ...named]) if (name !== "") kept.delete(name);
  return kept;
};

export const toGuestHeaders = (headers: Headers): Headers => {
  const kept = withoutHopByHop(headers);
  kept.delete(AGENT_AUTHORIZATION);
  return kept;
};

/** The names that mark the host's own errors are the host's alone: a program inside must not speak as the host. */
export const fromGuestHeaders = (headers: Headers): Headers => {
  const kept = withoutHopByHop(headers);
  for (const name of [HOST_ERROR_HEADER, HOST_STATUS_HEADER]) kept.delete(name);
  return kept;
};

const WEBSOCKET_OWN = ["key", "version", "extensions", "accept"];

/** Of an upgrade: what the WebSocket client does not set by itself. */
export const toGuestUpgradeHeaders = (headers: Headers): Record<string, string> => {
  const kept = toGuestHeaders(headers);
  for (const name of [...WEBSOCKET_OWN, "protocol"]) kept.delete(`sec-websocket-${name}`);
  kept.delete("content-length");
  return Object.fromEntries(kept);
};
