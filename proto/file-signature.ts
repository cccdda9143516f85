/** Signed file URLs: what a client without the access token may do with one path of one sandbox, until when. */

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

/** What the query of a signed URL says of itself, but for the token that nobody shows. */
export const readSignedFields = (
  query: URLSearchParams,
): Omit<SignedFields, "operation" | "accessToken"> => ({
  path: query.get("path") ?? "",
  user: query.get("username") ?? "",
  expiration: query.get("signature_expiration"),
});
