/** Random secrets that are handed out once and kept as digests. */

/** 32 bytes. Enough for secrets with full entropy; passwords need more (`passwords.ts`). */
export const sha256 = (text: string): Buffer => Buffer.from(Bun.CryptoHasher.hash("sha256", text).buffer);

/** `bytes` random bytes as lower-case hex. */
export const randomHex = (bytes: number): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(bytes))).toString("hex");

/** Compares without telling by time where they differ. */
export const equalSecrets = (a: string, b: string): boolean => crypto.timingSafeEqual(sha256(a), sha256(b));
