/**
 * New qcow2 files that hold nothing of their own yet. QEMU's tool makes the first of a kind; the next ones are that
 * file again with another name to stand on, for starting the tool takes longer than all else that a layer needs.
 */
import { open } from "node:fs/promises";

import { run } from "../system/exec.ts";

export interface BlankDisk {
  /** Name of the file below, as it is written into the new one. */
  backingName: string;
  backingFormat: "raw" | "qcow2";
  sizeBytes: number;
}

/** What files of a kind have in common: all but the name in its place. */
interface Kind {
  fileBytes: number;
  /** What is not zero, as offset and bytes; the name lies within the first. */
  pieces: { offset: number; bytes: Buffer }[];
  nameOffset: number;
}

/** Offsets of header fields (QEMU docs/interop/qcow2.txt), both big-endian. */
const BACKING_OFFSET = 8;
const BACKING_SIZE = 16;
const PIECE_BYTES = 4_096;
/** Kinds that are remembered; a host has a handful of them. */
const MAX_KINDS = 32;
/** A file that holds nothing takes some 200 KB, and as much more for each 4 TB. */
const MAX_FILE_BYTES = 4 << 20;

const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0);

/** Null when the file is not as expected; then there is nothing to be learned from it. */
const learn = async (path: string, backingName: string): Promise<Kind | null> => {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    if (size > MAX_FILE_BYTES) return null;
    const { buffer: whole } = await handle.read(Buffer.alloc(size), 0, size, 0);
    const nameOffset = Number(whole.readBigUInt64BE(BACKING_OFFSET));
    const nameEnd = nameOffset + whole.readUInt32BE(BACKING_SIZE);
    if (nameEnd > PIECE_BYTES || whole.toString("latin1", nameOffset, nameEnd) !== backingName) return null;
    const pieces = [];
    for (let offset = 0; offset < size; offset += PIECE_BYTES) {
      const bytes = whole.subarray(offset, offset + PIECE_BYTES);
      if (!isZero(bytes)) pieces.push({ offset, bytes });
    }
    return { fileBytes: size, pieces, nameOffset };
  } finally {
    await handle.close();
  }
};

const writeKind = async (path: string, kind: Kind, backingName: string): Promise<void> => {
  const handle = await open(path, "wx", 0o600);
  try {
    await handle.truncate(kind.fileBytes);
    for (const { offset, bytes } of kind.pieces) {
      const own = Buffer.from(bytes);
      if (offset === 0) own.write(backingName, kind.nameOffset, "latin1");
      await handle.write(own, 0, own.length, offset);
    }
  } finally {
    await handle.close();
  }
};

export class BlankDisks {
  readonly #kinds = new Map<string, Kind>();

  /** Makes the file; it is not synced. The caller has looked that what it stands on is there. */
  async make(path: string, { backingName, backingFormat, sizeBytes }: BlankDisk): Promise<void> {
    const name = `${backingFormat} ${sizeBytes} ${backingName.length}`;
    const known = this.#kinds.get(name);
    if (known !== undefined) return writeKind(path, known, backingName);
    const backing = ["-b", backingName, "-F", backingFormat];
    await run(["qemu-img", "create", "-q", "-f", "qcow2", ...backing, path, String(sizeBytes)]);
    const kind = await learn(path, backingName);
    if (kind === null) return;
    this.#kinds.set(name, kind);
    const [oldest] = this.#kinds.keys();
    if (this.#kinds.size > MAX_KINDS && oldest !== undefined) this.#kinds.delete(oldest);
  }
}
