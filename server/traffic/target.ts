/** Which requests belong to a sandbox, by what is in their head; everything else is the control plane's. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { parseSandboxId } from "../../proto/ids.ts";

/** One port of one sandbox. */
export interface PortRef {
  /** Bare UUID. */
  sandboxId: string;
  port: number;
}

export type TrafficTarget =
  | ({ kind: "port"; by: "headers" | "host" } & PortRef)
  /** A browser's question about requests with the sandbox's headers. */
  | { kind: "preflight" }
  /** A signed link to a file that names no sandbox. */
  | { kind: "signed_file" }
  /** Meant for a sandbox, but badly said; a sentence on what is wrong. */
  | { kind: "bad"; message: string };

export const SANDBOX_HEADER = "e2b-sandbox-id";
export const PORT_HEADER = "e2b-sandbox-port";

/** Null unless it is a decimal number from 1 to 65535. */
export const parsePort = (text: string): number | null => {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : null;
};

const byHeaders = (id: string, portText: string | null): TrafficTarget => {
  const sandboxId = parseSandboxId(id);
  if (sandboxId === null) return { kind: "bad", message: "E2b-Sandbox-Id is not the id of a sandbox." };
  const port = portText === null ? GUEST_PORT : parsePort(portText);
  if (port === null) return { kind: "bad", message: "E2b-Sandbox-Port is not a port from 1 to 65535." };
  return { kind: "port", by: "headers", sandboxId, port };
};

/** Of a label that looks like a port and an id. */
const byLabel = (label: string): TrafficTarget => {
  const dash = label.indexOf("-");
  const sandboxId = parseSandboxId(label.slice(dash + 1));
  const port = parsePort(label.slice(0, dash));
  if (sandboxId !== null && port !== null) return { kind: "port", by: "host", sandboxId, port };
  const wrong = sandboxId === null ? "no sandbox's id" : "no port from 1 to 65535";
  return {
    kind: "bad",
    message: `The host name's first label must be {port}-{sandbox id}; it has ${wrong}.`,
  };
};

const HOST = /^(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

/** Whether it is one host's name; it is sent on, and programs make addresses of it. */
export const isHost = (host: string): boolean => HOST.test(host);

/** Lower case, without port and trailing dot. */
const nameOf = (host: string): string => host.toLowerCase().replace(/\.?(?::\d*)?$/, "");

/** Where any domain may be a sandbox's, only a label that has a whole id in it says so. */
const ANY_DOMAIN = /^\d+-(?:[0-9a-f]{32}|sb-[0-9a-f-]{36})$/;
const OWN_DOMAIN = /^\d+-/;

const byHost = (host: string, domain: string | null): TrafficTarget | null => {
  const name = nameOf(host);
  const dot = name.indexOf(".");
  const label = dot === -1 ? name : name.slice(0, dot);
  if (domain === null) return ANY_DOMAIN.test(label) ? byLabel(label) : null;
  return OWN_DOMAIN.test(label) && name.slice(dot + 1) === domain ? byLabel(label) : null;
};

/** Which sandbox is meant is in a header that a browser does not send yet. */
const isPreflight = (headers: Headers): boolean =>
  (headers.get("access-control-request-headers") ?? "")
    .toLowerCase()
    .split(",")
    .some((name) => name.trim() === SANDBOX_HEADER);

const isSignedFile = (url: string): boolean =>
  /^https?:\/\/[^/?#]*\/files\?/.test(url) &&
  new URLSearchParams(url.slice(url.indexOf("?"))).has("signature");

/**
 * Asked of every request, so it is quick about what is none of a sandbox's.
 * @param domain whose names are sandboxes', lower case; null: any domain's that look like it
 */
export const findTarget = (request: Request, domain: string | null): TrafficTarget | null => {
  const { headers, url } = request;
  const id = headers.get(SANDBOX_HEADER);
  if (id !== null) return byHeaders(id, headers.get(PORT_HEADER));
  const host = headers.get("host") ?? "";
  const first = host.charCodeAt(0);
  const target = first >= 0x30 && first <= 0x39 ? byHost(host, domain) : null;
  if (target !== null) return target;
  if (request.method === "OPTIONS" && isPreflight(headers)) return { kind: "preflight" };
  return url.includes("/files?") && isSignedFile(url) ? { kind: "signed_file" } : null;
};
