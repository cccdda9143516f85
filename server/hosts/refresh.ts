/** A host's refresh token is used once: the successor is written before it is revoked, so a crash locks no host out. */
import type { Sql, Tx } from "../../db/sql.ts";
import { newId } from "../../proto/ids.ts";
import { randomHex, sha256 } from "../auth/secrets.ts";
import type { Tokens } from "../auth/tokens.ts";
import { unauthorized } from "../errors.ts";
import type { Settings } from "../settings.ts";
import {
  findDeletedHost,
  insertRefreshToken,
  lockRefreshToken,
  replaceRefreshToken,
  revokeFamily,
  revokeToken,
} from "./credentials-store.ts";
import { hostDeleted } from "./deletion.ts";
import { REFRESH_TOKEN_SEC } from "./registration.ts";

/** How long after its use a token still yields a successor: the answer with the first may have been lost. */
const LOST_REPLY_SEC = 30;

const refused = () =>
  unauthorized(
    "The host's refresh token is not valid any more; register the host again.",
    "invalid_refresh_token",
  );

export interface RefreshDeps {
  sql: Sql;
  tokens: Tokens;
  settings: Pick<Settings, "callKey" | "instanceId">;
}

/**
 * A host token and the next refresh token for this one.
 * @throws ApiError 401 for a token that is unknown, expired or revoked; using one again ends its whole family,
 *   except at once after, while its successor is unused. 410 `host_deleted` for any token that a deleted host
 *   ever had: one that was away for long must learn it too.
 */
export const refreshHost = async (
  { sql, tokens, settings }: RefreshDeps,
  refreshToken: string,
): Promise<{ token: string; refreshToken: string }> => {
  const next = randomHex(32);
  const tokenHash = sha256(refreshToken);
  const hostId = await sql.begin(async (tx: Tx) => {
    const known = await lockRefreshToken(tx, { tokenHash, graceSec: LOST_REPLY_SEC });
    if (!known) return null;
    if (known.state === "used") {
      await revokeFamily(tx, known.familyId);
      return null;
    }
    if (known.successorId !== null) await revokeToken(tx, known.successorId);
    const id = newId();
    const expiresAt = new Date(Date.now() + REFRESH_TOKEN_SEC * 1000);
    await insertRefreshToken(tx, {
      id,
      hostId: known.hostId,
      familyId: known.familyId,
      tokenHash: sha256(next),
      expiresAt,
    });
    await replaceRefreshToken(tx, { id: known.id, replacedBy: id });
    return known.hostId;
  });
  if (hostId === null) {
    const deletedId = await findDeletedHost(sql, tokenHash);
    throw deletedId === null ? refused() : await hostDeleted(settings, deletedId);
  }
  return { token: (await tokens.signHost(hostId)).token, refreshToken: next };
};
