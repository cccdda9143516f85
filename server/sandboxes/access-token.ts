/**
 * The secret that opens a sandbox's guest agent: an HMAC of its id, so that every server computes the same
 * and none is stored.
 */

/** @returns a function from a sandbox's bare UUID to its token, 64 hex digits. */
export const accessTokens =
  (trafficKey: Uint8Array) =>
  (sandboxId: string): string =>
    new Bun.CryptoHasher("sha256", trafficKey).update(sandboxId).digest("hex");
