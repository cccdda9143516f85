/** Makes whole memory of a base and the pages saved over it: a template depends on no other. */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";

import { digestFile } from "../system/digest.ts";
import { pwriteExactly } from "../system/libc.ts";
import { readDiff } from "../vm/memory-diff.ts";
import { PAGE_BYTES } from "../vm/page-runs.ts";
import type { SavedMemory } from "../vm/runtime.ts";

const CHUNK_BYTES = 1 << 20;
const ZEROES = Buffer.alloc(CHUNK_BYTES);

/** Chunks of zeroes stay holes. */
const copySparse = async (from: FileHandle, to: FileHandle, sizeBytes: number): Promise<void> => {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  for (let position = 0; position < sizeBytes;) {
    const { bytesRead } = await from.read(buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) throw new Error(`the base memory ends at ${position} of ${sizeBytes} bytes`);
    const chunk = buffer.subarray(0, bytesRead);
    if (!chunk.equals(ZEROES.subarray(0, bytesRead))) await to.write(chunk, 0, bytesRead, position);
    position += bytesRead;
  }
};

export interface MergeOptions {
  /** Null: all zeroes. */
  basePath: string | null;
  saved: SavedMemory;
  memoryMb: number;
  targetPath: string;
}

/** Durable when this resolves. Throws `SnapshotRefused` when the saved pages are damaged. */
export const mergeMemory = async (options: MergeOptions): Promise<{ digest: string; sizeBytes: number }> => {
  const { basePath, saved, memoryMb, targetPath } = options;
  const sizeBytes = memoryMb * 2 ** 20;
  const target = await open(targetPath, "w+", 0o444);
  try {
    await target.truncate(sizeBytes);
    if (basePath !== null) {
      const base = await open(basePath, "r");
      try {
        await copySparse(base, target, sizeBytes);
      } finally {
        await base.close();
      }
    }
    await readDiff(
      { path: saved.diffPath, runs: saved.runs, digest: saved.diffDigest, pages: sizeBytes / PAGE_BYTES },
      (piece, bytes) => {
        let at = 0;
        for (const [first, count] of piece) {
          pwriteExactly(target.fd, bytes, at, count * PAGE_BYTES, first * PAGE_BYTES);
          at += count * PAGE_BYTES;
        }
      },
    );
    await target.sync();
  } finally {
    await target.close();
  }
  return { digest: await digestFile(targetPath), sizeBytes };
};
