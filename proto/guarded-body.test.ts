import { describe, expect, test } from "bun:test";

import { checkEnvelopes, checkTotal } from "./guarded-body.ts";

const MAX_BYTES = 100_000;

const envelope = (length: number): Uint8Array => {
  const bytes = new Uint8Array(5 + length);
  new DataView(bytes.buffer).setUint32(1, length);
  return bytes;
};

describe("envelopes", () => {
  test("any number of them pass, however they are cut", () => {
    const stream = Buffer.concat([envelope(0), envelope(300), envelope(1), envelope(70_000)]);
    for (const size of [1, 3, 7, 304, stream.length]) {
      const check = checkEnvelopes(MAX_BYTES);
      for (let at = 0; at < stream.length; at += size) check(stream.subarray(at, at + size));
    }
  });

  test("one that announces too much is refused before it comes", () => {
    const check = checkEnvelopes(MAX_BYTES);
    check(envelope(10));
    const header = new Uint8Array(5);
    new DataView(header.buffer).setUint32(1, MAX_BYTES + 1);
    check(header.subarray(0, 4));
    expect(() => check(header.subarray(4))).toThrow("larger than");
  });
});

test("a body without envelopes has the same bound in all", () => {
  const check = checkTotal(MAX_BYTES);
  check(new Uint8Array(MAX_BYTES));
  expect(() => check(new Uint8Array(1))).toThrow("larger than");
});
