/** How a machine becomes a host: a one-time token, its specs, and credentials in return. */
import type { Sql, Tx } from "../../db/sql.ts";
import { formatHostId, newId } from "../../proto/ids.ts";
import { isLoopback } from "../../proto/loopback.ts";
import { hostEvents } from "../audit/host-events.ts";
import { record } from "../audit/record.ts";
import type { UserCaller } from "../auth/context.ts";
import { randomHex, sha256 } from "../auth/secrets.ts";
import type { Tokens } from "../auth/tokens.ts";
import { conflict, invalidRequest, unauthorized } from "../errors.ts";
import type { Settings } from "../settings.ts";
import {
  consumeRegistrationToken,
  type HostSpecs,
  insertRefreshToken,
  insertRegistrationToken,
  saveSpecs,
} from "./credentials-store.ts";
import type { Dialer } from "./dial.ts";
import { endpointOf, type Host } from "./host.ts";
import { insertHost, type NewHost, setReachable } from "./store.ts";

export const REGISTRATION_TOKEN_SEC = 3600;
export const REFRESH_TOKEN_SEC = 60 * 24 * 3600;

export interface RegistrationDeps {
  sql: Sql;
  tokens: Tokens;
  dialer: Dialer;
  settings: Pick<Settings, "instanceId" | "callKey">;
}

/** The token's text exists only here. */
export interface IssuedToken {
  token: string;
  expiresAt: Date;
}

const issueToken = async (tx: Tx, hostId: string, createdBy: string): Promise<IssuedToken> => {
  const token = randomHex(32);
  const expiresAt = new Date(Date.now() + REGISTRATION_TOKEN_SEC * 1000);
  await insertRegistrationToken(tx, { id: newId(), hostId, tokenHash: sha256(token), expiresAt, createdBy });
  return { token, expiresAt };
};

/** A host that does not exist yet, and the token its machine registers with. */
export const createHost = (
  { sql }: Pick<RegistrationDeps, "sql">,
  { userId, actor }: Pick<UserCaller, "userId" | "actor">,
  wanted: Omit<NewHost, "id" | "createdBy">,
): Promise<{ host: Host; issued: IssuedToken }> =>
  sql.begin(async (tx: Tx) => {
    const host = await insertHost(tx, { ...wanted, id: newId(), createdBy: userId });
    const issued = await issueToken(tx, host.id, userId);
    await record(tx, hostEvents.created({ teamId: host.teamId, actor, hostId: host.id }));
    return { host, issued };
  });

/**
 * A fresh token for a host that never registered, or whose credentials died. The ones before end.
 * @throws ApiError 409 `host_online`.
 */
export const reissueToken = (
  { sql }: Pick<RegistrationDeps, "sql">,
  { userId, actor }: Pick<UserCaller, "userId" | "actor">,
  host: Host,
): Promise<IssuedToken> => {
  if (host.status === "online") {
    throw conflict(
      "host_online",
      "The host is online; its credentials work. Delete it, or stop its agent first.",
    );
  }
  return sql.begin(async (tx: Tx) => {
    const issued = await issueToken(tx, host.id, userId);
    await record(tx, hostEvents.tokenIssued({ teamId: host.teamId, actor, hostId: host.id }));
    return issued;
  });
};

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
