import { expect, test } from "bun:test";

import { deriveFlowSecrets, isStateOf, newFlowSecret } from "./flow-secrets.ts";

test("a secret always gives the same three values, all different, each fit to be a PKCE verifier", () => {
  const secret = newFlowSecret();
  const secrets = deriveFlowSecrets(secret);
  expect(deriveFlowSecrets(secret)).toEqual(secrets);
  expect(new Set([secret, ...Object.values(secrets)]).size).toBe(4);
  for (const value of Object.values(secrets)) expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/);
});

test("only the state of this very secret fits", () => {
  const secrets = deriveFlowSecrets(newFlowSecret());
  expect(isStateOf(secrets, secrets.state)).toBe(true);
  const { state } = deriveFlowSecrets(newFlowSecret());
  for (const other of [null, "", state, secrets.nonce, secrets.state.toLowerCase()]) {
    expect(isStateOf(secrets, other)).toBe(false);
  }
});
