/** How a machine becomes a host: a one-time token, its specs, and credentials in return. */
import type { Sql, Tx } from "../../db/sql.ts";
import { formatHostId, newId } from "../../proto/ids.ts";
import { isLoopback } from "../../proto/loopback.ts";
import { randomHex, sha256 } from "../auth/secrets.ts";
import type { Tokens } from "../auth/tokens.ts";
import { invalidRequest, unauthorized } from "../errors.ts";
import type { Settings } from "../settings.ts";
import {
  consumeRegistrationToken,
  type HostSpecs,
  insertRefreshToken,
  saveSpecs,
} from "./credentials-store.ts";
import type { Dialer } from "./dial.ts";
import { endpointOf } from "./host.ts";
import { setReachable } from "./store.ts";

export const REFRESH_TOKEN_SEC = 60 * 24 * 3600;

export interface RegistrationDeps {
  sql: Sql;
  tokens: Tokens;
  dialer: Dialer;
  settings: Pick<Settings, "instanceId" | "callKey">;
}

/** Throws 400 unless the address is one the server can call, and safely. */
export const checkAddress = (address: string): void => {
  const url = URL.parse(address);
  if (url === null || !/^https?:\/\/[^/?#@]+$/.test(address)) {
    throw invalidRequest(
      "address",
      "address",
      "address: expected scheme://host:port as http://127.0.0.1:7070.",
    );
  }
  const name = url.hostname.replaceAll(/^\[|\]$/g, "");
  if (url.protocol === "http:" && !isLoopback(name)) {
    throw invalidRequest("address", "tls", "address: plain http is for loopback only; use https.");
  }
};

/** What an agent keeps of its registration. */
export interface Credentials {
  hostId: string;
  token: string;
  refreshToken: string;
  serverPublicKey: Settings["callKey"]["publicJwk"];
  instanceId: string;
  /** What keeps the server from calling the host; empty when nothing does. */
  unreachableReason: string;
}

/**
 * Uses the token up and stores what the machine is; then calls it back, and notes whether that worked.
 * @throws ApiError 401 `invalid_token`, 400 for an address that cannot be called.
 */
export const registerHost = async (
  { sql, tokens, dialer, settings }: RegistrationDeps,
  { token, ...specs }: HostSpecs & { token: string },
): Promise<Credentials> => {
  checkAddress(specs.address);
  if (specs.address.startsWith("https:") && specs.tlsCert === null) {
    throw invalidRequest(
      "tls_cert",
      "required",
      "tls_cert: an https address needs the certificate it is pinned to.",
    );
  }
  const refreshToken = randomHex(32);
  const host = await sql.begin(async (tx: Tx) => {
    const hostId = await consumeRegistrationToken(tx, sha256(token));
    if (hostId === null) {
      throw unauthorized(
        "The registration token is unknown, used or expired; issue a new one.",
        "invalid_token",
      );
    }
    const saved = await saveSpecs(tx, hostId, specs);
    const expiresAt = new Date(Date.now() + REFRESH_TOKEN_SEC * 1000);
    const tokenHash = sha256(refreshToken);
    await insertRefreshToken(tx, { id: newId(), hostId, familyId: newId(), tokenHash, expiresAt });
    return saved;
  });
  const endpoint = endpointOf(host);
  const dialled = endpoint ? await dialer.reaches(endpoint) : null;
  if (dialled) await setReachable(sql, { id: host.id, ...dialled });
  return {
    hostId: formatHostId(host.id),
    token: (await tokens.signHost(host.id)).token,
    refreshToken,
    serverPublicKey: settings.callKey.publicJwk,
    instanceId: settings.instanceId,
    unreachableReason: dialled?.reason ?? "",
  };
};
