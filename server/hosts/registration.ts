/** How a machine becomes a host: a one-time token, its specs, and credentials in return. */
import type { Sql, Tx } from "../../db/sql.ts";
import { formatHostId, newId } from "../../proto/ids.ts";
import { randomHex, sha256 } from "../auth/secrets.ts";
import type { Tokens } from "../auth/tokens.ts";
import { invalidRequest, unauthorized } from "../errors.ts";
import type { Settings } from "../settings.ts";
import { checkAddress, type Reach } from "./address.ts";
import { checkCertificate } from "./certificate.ts";
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
  config: Reach;
}

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
 * @throws ApiError 401 `invalid_token`, 400 for an address or a certificate that cannot be used; the token stays good.
 */
export const registerHost = async (
  { sql, tokens, dialer, settings, config }: RegistrationDeps,
  { token, ...specs }: HostSpecs & { token: string },
): Promise<Credentials> => {
  if (specs.tlsCert !== null) checkCertificate(specs.tlsCert);
  else if (specs.address.startsWith("https:")) {
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
    checkAddress({ ...specs, teamId: saved.teamId }, config);
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
