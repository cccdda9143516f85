/** Gives a template a base memory of its own: a copy of another base with the differing pages put in. */
import { open, stat } from "node:fs/promises";

import { digestFile } from "../system/digest.ts";
import { run } from "../system/exec.ts";
import { requireFreeSpace } from "../system/free-space.ts";
import type { SavedMemory } from "../vm/runtime.ts";

const MIB = 2 ** 20;
const PAGE_BYTES = 4096;
const PIECE_BYTES = 4 * MIB;

export interface MergeOptions {
  /** A file or block device of at least `memoryMb`. */
  basePath: string;
  saved: SavedMemory;
  memoryMb: number;
  targetPath: string;
}

/** Writes each run of `saved` at its own offset; pages of zeroes count like any others. */
const overlayRuns = async (saved: SavedMemory, targetPath: string): Promise<void> => {
  const source = await open(saved.diffPath, "r");
  try {
    const target = await open(targetPath, "r+");
    try {
      const buffer = Buffer.alloc(PIECE_BYTES);
      for (const [firstPage, pageCount] of saved.runs) {
        const end = (firstPage + pageCount) * PAGE_BYTES;
        for (let offset = firstPage * PAGE_BYTES; offset < end;) {
          const wanted = Math.min(PIECE_BYTES, end - offset);
          const { bytesRead } = await source.read(buffer, 0, wanted, offset);
          if (bytesRead === 0) throw new Error(`${saved.diffPath} ends before page ${offset / PAGE_BYTES}`);
          await target.write(buffer, 0, bytesRead, offset);
          offset += bytesRead;
        }
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
};

/** The target is sparse and fsynced. Throws `DiskFull`; the caller removes a target left half-written. */
export const mergeMemory = async (options: MergeOptions): Promise<{ digest: string; sizeBytes: number }> => {
  const { basePath, saved, memoryMb, targetPath } = options;
  const sizeBytes = memoryMb * MIB;
  const pages = saved.runs.reduce((sum, [, count]) => sum + count, 0);
  const base = await stat(basePath);
  const baseBytes = base.isFile() ? base.blocks * 512 : sizeBytes;
  await requireFreeSpace(targetPath.slice(0, targetPath.lastIndexOf("/")), baseBytes + pages * PAGE_BYTES);
  await run(["cp", "--sparse=always", basePath, targetPath], { timeoutMs: 300_000 });
  await run(["truncate", "--size", String(sizeBytes), targetPath]);
  await overlayRuns(saved, targetPath);
  return { digest: await digestFile(targetPath), sizeBytes };
};
