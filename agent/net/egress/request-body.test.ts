import { describe, expect, test } from "bun:test";

import { array, assert, integer, nat, property, uint8Array } from "fast-check";

import { RequestBody } from "./request-body.ts";

/** Feeds the bytes in pieces; how many were taken, or null. */
const takeAll = (body: RequestBody, bytes: Uint8Array, cuts: number[]): number | null => {
  const edges = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), 0, bytes.length].sort(
    (a, b) => a - b,
  );
  let taken = 0;
  for (const [index, edge] of edges.entries()) {
    const piece = body.take(bytes.subarray(edges[index - 1] ?? 0, edge));
    if (piece === null) return null;
    taken += piece;
  }
  return taken;
};

const chunked = (chunks: Uint8Array[]): Buffer =>
  Buffer.concat([
    ...chunks.flatMap((chunk) => [
      Buffer.from(`${chunk.length.toString(16)}\r\n`),
      chunk,
      Buffer.from("\r\n"),
    ]),
    Buffer.from("0\r\n\r\n"),
  ]);

describe("a request's body", () => {
  test("of a known length ends there, however it arrives", () => {
    assert(
      property(nat(300), uint8Array({ maxLength: 400 }), array(nat()), (length, bytes, cuts) => {
        const body = new RequestBody(length);
        expect(takeAll(body, bytes, cuts)).toBe(Math.min(length, bytes.length));
        expect(body.ended).toBe(bytes.length >= length);
      }),
    );
  });

  test("in chunks ends with the last, however it arrives, and takes nothing behind it", () => {
    const chunks = array(uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
    assert(
      property(chunks, uint8Array(), array(nat()), (list, behind, cuts) => {
        const body = new RequestBody("chunked");
        const bytes = chunked(list);
        expect(takeAll(body, Buffer.concat([bytes, behind]), cuts)).toBe(bytes.length);
        expect(body.ended).toBe(true);
        expect(body.take(behind)).toBe(0);
      }),
    );
  });

  test.each([
    "\r\n",
    "g\r\n",
    "0x1\r\n",
    "-1\r\n",
    "1\n",
    " 1\r\n",
    "1 \r\n",
    "1;x=y\r\n",
    "1\r\nab\r\n",
    "1\r\na\n",
    "1\r\na\r\n0\r\nHost: x\r\n",
    "1000000000000\r\n",
    "1".repeat(64),
  ])("%j is malformed", (text) => {
    expect(new RequestBody("chunked").take(Buffer.from(text))).toBeNull();
  });

  test("any bytes have an answer, the same in pieces as at once", () => {
    assert(
      property(array(integer({ min: 0, max: 5 }), { maxLength: 40 }), array(nat()), (picks, cuts) => {
        const bytes = Buffer.from(picks.map((pick) => "01\r\naF"[pick] ?? "").join(""));
        expect(takeAll(new RequestBody("chunked"), bytes, cuts)).toBe(new RequestBody("chunked").take(bytes));
      }),
    );
  });
});
