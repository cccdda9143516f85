/** Asked before every operation that writes much: a full disk fails it before it has begun. */
import { statfs } from "node:fs/promises";

const MIB = 2 ** 20;

/** Kept free for journals, logs and the host itself, whatever is asked for. */
export const RESERVED_BYTES = 256 * MIB;

/** The disk cannot take what was about to be written. Nothing was written. */
export class DiskFull extends Error {
  override name = "DiskFull";
  readonly code = "disk_full";
  constructor(
    readonly path: string,
    readonly neededBytes: number,
    readonly freeBytes: number,
  ) {
    super(
      `not enough disk space at ${path}: ${Math.ceil(neededBytes / MIB)} MB are needed beside a reserve of ` +
        `${RESERVED_BYTES / MIB} MB, ${Math.floor(freeBytes / MIB)} MB are free; ` +
        "delete sandboxes or templates, or give WRENN_DIR a larger disk",
    );
  }
}

/** Bytes that root may still write at `path`. */
export const freeBytesAt = async (path: string): Promise<number> => {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
};

/** Throws `DiskFull` unless `bytes` and the reserve fit at `path`. */
export const requireFreeSpace = async (path: string, bytes: number): Promise<void> => {
  const freeBytes = await freeBytesAt(path);
  if (freeBytes < bytes + RESERVED_BYTES) throw new DiskFull(path, bytes, freeBytes);
};
