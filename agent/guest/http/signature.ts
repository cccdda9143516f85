/** Signed file URLs: what a client without the access token may do with one path, until when. */

export type FileOperation = "read" | "write";

export interface SignedFields {
  /** As they stand in the query, empty when left out. */
  path: string;
  user: string;
  operation: FileOperation;
  accessToken: string;
  /** Unix seconds; null = never. */
  expiration: string | null;
}

/** `v1_` and the unpadded base64 of SHA-256 over `path:operation:user:token[:expiration]`. */
export const signatureOf = ({ path, user, operation, accessToken, expiration }: SignedFields): string => {
  const text = [path, operation, user, accessToken, ...(expiration === null ? [] : [expiration])].join(":");
  return `v1_${new Bun.CryptoHasher("sha256").update(text).digest("base64").replace(/=+$/, "")}`;
};

/** Compares in a time that depends on the length alone. */
export const equalSecrets = (a: string, b: string): boolean => {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= a.charCodeAt(index) ^ b.charCodeAt(index);
  return difference === 0;
};

/** Null when the query's signature allows the operation, else the reason it does not. */
export const signatureProblem = (
  query: URLSearchParams,
  options: { operation: FileOperation; accessToken: string; nowMs: number },
): string | null => {
  const given = query.get("signature");
  if (given === null || given === "") return "missing signature query parameter";
  const expiration = query.get("signature_expiration");
  const expected = signatureOf({
    path: query.get("path") ?? "",
    user: query.get("username") ?? "",
    operation: options.operation,
    accessToken: options.accessToken,
    expiration,
  });
  if (!equalSecrets(given, expected)) return "invalid signature";
  if (expiration === null) return null;
  const atMs = Number(expiration) * 1_000;
  return Number.isFinite(atMs) && atMs >= options.nowMs ? null : "signature is already expired";
};
