import { expect, test } from "bun:test";

import { signatureOf } from "../../../proto/file-signature.ts";
import { equalSecrets, signatureProblem } from "./signature.ts";

const fields = {
  path: "/a",
  user: "user",
  operation: "read",
  accessToken: "secret",
  expiration: null,
} as const;

test("the signature is v1_ and unpadded base64 of the fields' hash", () => {
  const hash = new Bun.CryptoHasher("sha256").update("/a:read:user:secret").digest("base64");
  expect(signatureOf(fields)).toBe(`v1_${hash.replaceAll("=", "")}`);
  expect(signatureOf({ ...fields, expiration: "17" })).not.toBe(signatureOf(fields));
});

test("it holds for these fields and until its time alone", () => {
  const query = new URLSearchParams({ path: "/a", username: "user", signature_expiration: "100" });
  query.set("signature", signatureOf({ ...fields, expiration: "100" }));
  const problem = (changes: Record<string, string>, nowMs = 100_000): string | null => {
    const changed = new URLSearchParams({ ...Object.fromEntries(query), ...changes });
    return signatureProblem(changed, { operation: "read", accessToken: "secret", nowMs });
  };
  expect(problem({})).toBeNull();
  expect(problem({}, 100_001)).toBe("signature is already expired");
  expect(problem({ path: "/b" })).toBe("invalid signature");
  expect(problem({ username: "root" })).toBe("invalid signature");
  expect(problem({ signature_expiration: "101" })).toBe("invalid signature");
  expect(problem({ signature: "" })).toBe("missing signature query parameter");
});

test("secrets are equal or not", () => {
  expect(equalSecrets("abc", "abc")).toBe(true);
  expect(equalSecrets("abc", "abd")).toBe(false);
  expect(equalSecrets("abc", "ab")).toBe(false);
  expect(equalSecrets("", "")).toBe(true);
});
