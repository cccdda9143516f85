/**
 * The secrets that open a sandbox: HMACs of its id, so that every server computes the same and none is
 * stored. One opens its guest agent, the other the ports that are not public; neither tells the other.
 */

/** @returns a function from a sandbox's bare UUID to its token, 64 hex digits. */
export const accessTokens =
  (trafficKey: Uint8Array) =>
  (sandboxId: string): string =>
    new Bun.CryptoHasher("sha256", trafficKey).update(sandboxId).digest("hex");

/** @returns a function from a sandbox's bare UUID to the token of its ports, 64 hex digits. */
export const trafficTokens =
  (trafficKey: Uint8Array) =>
  (sandboxId: string): string =>
    new Bun.CryptoHasher("sha256", trafficKey).update(`traffic/${sandboxId}`).digest("hex");
