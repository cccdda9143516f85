import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";

import { PIECE_BYTES } from "../../proto/template-frames.ts";
import { type Piece, PieceWriter, readPieces } from "./pieces.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "wrenn-pieces-"));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const NEVER = new AbortController().signal;

const piecesOf = async (content: Uint8Array): Promise<Piece[]> => {
  const path = join(directory, "from");
  await writeFile(path, content);
  return Array.fromAsync(readPieces(path, NEVER));
};

const writeAll = async (path: string, sizeBytes: number, pieces: Piece[]): Promise<void> => {
  await rm(path, { force: true });
  const writer = await PieceWriter.create(path, sizeBytes);
  try {
    for (const piece of pieces) await writer.add(piece);
    await writer.finish();
  } finally {
    await writer.close();
  }
};

test("any file arrives as it was", async () => {
  const run = fc.record({
    bytes: fc.integer({ min: 1, max: 3 * PIECE_BYTES }),
    fill: fc.constantFrom("zero", "text", "noise"),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 6 }), async (runs) => {
      const content = Buffer.concat(
        runs.map(({ bytes, fill }) => {
          if (fill === "noise")
            return Buffer.from(Bun.hash(String(bytes)).toString(36).repeat(bytes)).subarray(0, bytes);
          return Buffer.alloc(bytes, fill === "zero" ? 0 : "some text ");
        }),
      );
      const to = join(directory, "to");
      await writeAll(to, content.length, await piecesOf(content));
      expect((await readFile(to)).equals(content)).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("zeroes are a hole on the way and on disk, also within a piece", async () => {
  const content = Buffer.alloc(9 * PIECE_BYTES);
  content.write("first", 0);
  content.write("last", 8 * PIECE_BYTES + 100_000);
  const pieces = await piecesOf(content);
  expect(pieces.map(({ kind }) => kind)).toEqual(["compressed", "hole", "compressed"]);
  const to = join(directory, "to");
  await writeAll(to, content.length, pieces);
  expect((await stat(to)).blocks * 512).toBeLessThanOrEqual(16_384);
});

test("noise is not packed", async () => {
  const pieces = await piecesOf(crypto.getRandomValues(new Uint8Array(64 * 1024)));
  expect(pieces.map(({ kind }) => kind)).toEqual(["data"]);
});

test("a file is exactly as large as announced", async () => {
  const to = join(directory, "to");
  const data: Piece = { kind: "data", bytes: Buffer.alloc(1_000, 1) };
  await expect(writeAll(to, 999, [data])).rejects.toThrow("more than the 999 bytes");
  await expect(writeAll(to, 1_001, [data])).rejects.toThrow("after 1000 of 1001 bytes");
  await expect(writeAll(to, 999, [{ kind: "hole", size: 2 ** 50 }])).rejects.toThrow("more than");
});

test("a packed piece is unpacked to what it says at most", async () => {
  const to = join(directory, "to");
  const zstd = Bun.zstdCompressSync(new Uint8Array(64 << 20));
  await expect(writeAll(to, 64 << 20, [{ kind: "compressed", zstd, size: 1_000 }])).rejects.toThrow(
    "unpacked",
  );
  await expect(writeAll(to, 64 << 20, [{ kind: "compressed", zstd, size: 64 << 20 }])).rejects.toThrow(
    "too large",
  );
});

test("a reader that is told to end ends", async () => {
  const path = join(directory, "from");
  const handle = await open(path, "w");
  await handle.truncate(64 * PIECE_BYTES);
  await handle.close();
  const stop = new AbortController();
  stop.abort(new Error("deleted"));
  await expect(Array.fromAsync(readPieces(path, stop.signal))).rejects.toThrow("deleted");
});
