import { expect, test } from "bun:test";

import { PreviewTokens } from "./preview-tokens.ts";

const tokens = new PreviewTokens(new Uint8Array(32));
const REF = { sandboxId: "0198c0de-0000-7000-8000-000000000001", port: 3_000 };
const token = tokens.sign(REF, 1_000);

test("it opens one port of one sandbox until its time", () => {
  expect(tokens.verify(token, REF, 999_999)).toBe(1_000);
  expect(tokens.verify(token, REF, 1_000_000)).toBeNull();
  expect(tokens.verify(token, { ...REF, port: 3_001 }, 0)).toBeNull();
  expect(tokens.verify(token, { ...REF, sandboxId: "0198c0de-0000-7000-8000-000000000002" }, 0)).toBeNull();
  expect(new PreviewTokens(new Uint8Array(32).fill(1)).verify(token, REF, 0)).toBeNull();
});

test("no other text does", () => {
  const [, signature = ""] = token.split(".");
  for (const text of [
    "",
    ".",
    "1000.",
    `1001.${signature}`,
    `01000.${signature}`,
    `1e3.${signature}`,
    `${token}x`,
    token.slice(0, -1),
    `-1000.${signature}`,
    ` ${token}`,
  ]) {
    expect([text, tokens.verify(text, REF, 0)]).toEqual([text, null]);
  }
});
