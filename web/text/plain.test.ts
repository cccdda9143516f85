import { expect, test } from "bun:test";

import { toPlain } from "./plain.ts";

test.each([
  ["\u001B[0;32mOK\u001B[0m\r\n", "OK\n"],
  ["\u001B]0;title\u0007prompt", "prompt"],
  ["\u001Bc\u001B[?7l\u001B[2Jboot", "boot"],
  ["tab\there\u0000\u0007", "tab\there"],
  ["🪶 <b>", "🪶 <b>"],
])("%j becomes %j", (text, plain) => {
  expect(toPlain(text)).toBe(plain);
});
