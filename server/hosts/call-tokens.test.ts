import { expect, setSystemTime, test } from "bun:test";

import { generateKeyPair, jwtVerify } from "jose";

import { CallTokens } from "./call-tokens.ts";

const HOST = "0198c0de-0000-7000-8000-000000000001";

test("a token names its host, its instance, and ends within a minute", async () => {
  const { privateKey, publicKey } = await generateKeyPair("EdDSA");
  const token = await new CallTokens(privateKey, "instance").forHost(HOST);
  const { payload, protectedHeader } = await jwtVerify(token, publicKey, { audience: HOST });
  expect(protectedHeader.alg).toBe("EdDSA");
  expect(payload.iss).toBe("instance");
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBeLessThanOrEqual(60);
  expect(jwtVerify(token, publicKey, { audience: "another" })).rejects.toThrow(/aud/);
});

test("a token is reused for half its life, and then replaced", async () => {
  const { privateKey } = await generateKeyPair("EdDSA");
  const tokens = new CallTokens(privateKey, "instance");
  const startMs = Date.now();
  try {
    const first = await tokens.forHost(HOST);
    setSystemTime(new Date(startMs + 29_000));
    expect(await tokens.forHost(HOST)).toBe(first);
    setSystemTime(new Date(startMs + 31_000));
    expect(await tokens.forHost(HOST)).not.toBe(first);
  } finally {
    setSystemTime();
  }
});
