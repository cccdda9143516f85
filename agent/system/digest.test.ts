import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ChainedDigest, digestBytes, digestFile } from "./digest.ts";

const directory = mkdtempSync(join(tmpdir(), "wrenn-digest-"));
const path = join(directory, "file");

describe("digests", () => {
  test("of a file depend on every byte, also past the first piece", async () => {
    const content = new Uint8Array(9 << 20);
    await Bun.write(path, content);
    const before = await digestFile(path);
    content[content.length - 1] = 1;
    await Bun.write(path, content);
    expect(await digestFile(path)).not.toBe(before);
    rmSync(directory, { recursive: true });
  });

  test("of bytes are stable: they are kept in files", () => {
    expect(digestBytes(Buffer.from("wrenn"))).toBe(digestBytes(Buffer.from("wrenn")));
    expect(digestBytes(new Uint8Array(0))).toBe("xxh3-2d06800538d394c2");
  });

  test("of a chain depend on the order of its pieces", () => {
    const chain = (...pieces: string[]) => {
      const digest = new ChainedDigest();
      for (const piece of pieces) digest.add(Buffer.from(piece));
      return digest.text();
    };
    expect(chain("a", "b")).not.toBe(chain("b", "a"));
  });
});
