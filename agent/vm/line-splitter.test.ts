import { expect, test } from "bun:test";

import fc from "fast-check";

import { LineSplitter } from "./line-splitter.ts";

test("lines come out whole, however the bytes were cut", () => {
  const text = fc.array(fc.string().map((line) => line.replaceAll(/[\r\n]/g, "").trimEnd()));
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 9 }), (lines, step) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
      const splitter = new LineSplitter(10_000);
      const out: string[] = [];
      for (let at = 0; at < bytes.length; at += step)
        out.push(...(splitter.push(bytes.subarray(at, at + step)) ?? []));
      expect(out).toEqual(lines);
    }),
  );
});

test("a line without an end is given up past the bound", () => {
  const splitter = new LineSplitter(8);
  expect(splitter.push(Buffer.from("12345678"))).toEqual([]);
  expect(splitter.push(Buffer.from("9"))).toBeNull();
});
