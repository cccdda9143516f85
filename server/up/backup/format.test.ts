import { expect, test } from "bun:test";

import { decodeHeader, decodeMark, encodeEnd, encodeHeader, encodeTable } from "./format.ts";
import { readLines } from "./lines.ts";
import { orderByReferences } from "./tables.ts";

test("header, table and end come back as they were", () => {
  const header = { createdAt: "2026-01-31T00:00:00.000Z", migrations: [{ version: 1, sha256: "ab" }] };
  expect(decodeHeader(encodeHeader(header))).toEqual(header);
  const table = { table: "users", columns: ["id", "name"] };
  expect(decodeMark(encodeTable(table))).toEqual(table);
  expect(decodeMark(encodeEnd("ff"))).toEqual({ sha256: "ff" });
});

test.each(["", "x", "{}", '{"wrenn_backup":2}', "[]", "null"])("%j is no header", (line) =>
  expect(decodeHeader(line)).toBeNull(),
);

test("lines survive any cut of the stream", async () => {
  const bytes = Buffer.from("one\n\ntwo three\nlast");
  for (let size = 1; size <= bytes.length; size += 1) {
    async function* cut(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    }
    const lines = await Array.fromAsync(readLines(cut()));
    expect(lines.map(String)).toEqual(["one", "", "two three", "last"]);
  }
});

test("a table comes after all it points at", () => {
  const tables = ["a", "b", "c"].map((name) => ({ name, columns: [] }));
  const ordered = orderByReferences(tables, [
    { from: "a", to: "b" },
    { from: "b", to: "c" },
    { from: "c", to: "elsewhere" },
  ]);
  expect(ordered.map(({ name }) => name)).toEqual(["c", "b", "a"]);
});
