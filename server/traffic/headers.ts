/** Which headers pass between a client and a sandbox: none of the connection's, none of Wrenn's own secrets. */
import { decodeJwt } from "jose";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { withoutHopByHop } from "../../proto/hop-by-hop.ts";
import { HOST_ERROR_HEADER, HOST_STATUS_HEADER } from "../../proto/host-errors.ts";
import { hashKey } from "../keys/key-format.ts";
import type { Passage } from "./passage.ts";

/** Opens a sandbox's private ports. */
export const TRAFFIC_TOKEN_HEADER = "e2b-traffic-access-token";

/** Wrenn's own cookies: sessions, flows, previews. A sandbox may neither see nor set them. */
const OWN_COOKIE = /^\s*(?:__(?:host|secure)-)?wrenn_/i;

const BEARER = /^Bearer +(\S+)$/i;

const isOwnToken = (token: string, instanceId: string): boolean => {
  if (hashKey(token) !== null) return true;
  try {
    return decodeJwt(token).iss === instanceId;
  } catch {
    return false;
  }
};

const withoutOwnCookies = (headers: Headers): void => {
  const cookies = headers.get("cookie");
  if (cookies === null || !/wrenn_/i.test(cookies)) return;
  const kept = cookies.split(";").filter((pair) => !OWN_COOKIE.test(pair));
  if (kept.length === 0) headers.delete("cookie");
  else headers.set("cookie", kept.join(";").trim());
};

export interface Secrets {
  /** Issuer of users' tokens. */
  instanceId: string;
  /** Of the sandbox's guest agent; takes the bare UUID. */
  accessToken: (sandboxId: string) => string;
}

/**
 * What the host is sent, its own credentials aside.
 * @param client address of the client, where it is known
 */
export const toSandboxHeaders = (
  headers: Headers,
  { sandboxId, port, prefix, scheme }: Omit<Passage, "pathAndQuery">,
  { instanceId, accessToken }: Secrets,
  client: string | null,
): Headers => {
  const kept = withoutHopByHop(headers);
  kept.delete(TRAFFIC_TOKEN_HEADER);
  withoutOwnCookies(kept);
  const apiKey = headers.get("x-api-key");
  if (apiKey !== null && hashKey(apiKey) !== null) kept.delete("x-api-key");
  const bearer = BEARER.exec(headers.get("authorization") ?? "")?.[1];
  if (bearer !== undefined && isOwnToken(bearer, instanceId)) kept.delete("authorization");
  // For the guest agent alone, or any program inside could act as any user inside.
  if (port !== GUEST_PORT && headers.get("x-access-token") === accessToken(sandboxId)) {
    kept.delete("x-access-token");
  }
  if (client !== null) kept.set("x-forwarded-for", client);
  kept.set("x-forwarded-proto", scheme);
  kept.set("x-forwarded-host", headers.get("host") ?? "");
  if (prefix) kept.set("x-forwarded-prefix", prefix);
  // Bun would offer encodings that the client did not ask for.
  if (!kept.has("accept-encoding")) kept.set("accept-encoding", "identity");
  return kept;
};

/** What the client gets of an answer that came from inside. */
export const toClientHeaders = (headers: Headers): Headers => {
  const kept = withoutHopByHop(headers);
  for (const name of [HOST_ERROR_HEADER, HOST_STATUS_HEADER]) kept.delete(name);
  const cookies = kept.getSetCookie();
  if (cookies.some((cookie) => OWN_COOKIE.test(cookie))) {
    kept.delete("set-cookie");
    for (const cookie of cookies) if (!OWN_COOKIE.test(cookie)) kept.append("set-cookie", cookie);
  }
  return kept;
};
