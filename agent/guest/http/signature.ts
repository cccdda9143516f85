/** Whether the signature of a file URL holds, and secrets compared. */
import { type FileOperation, readSignedFields, signatureOf } from "../../../proto/file-signature.ts";

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
  const fields = readSignedFields(query);
  const { expiration } = fields;
  const { operation, accessToken } = options;
  const expected = signatureOf({ ...fields, operation, accessToken });
  if (!equalSecrets(given, expected)) return "invalid signature";
  if (expiration === null) return null;
  const atMs = Number(expiration) * 1_000;
  return Number.isFinite(atMs) && atMs >= options.nowMs ? null : "signature is already expired";
};
