/**
 * Files as they travel between hosts: pieces of at most 256 KB, zeroes as the length of a hole, the rest
 * packed where that makes it smaller. Nothing is held but the piece at hand.
 */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { zstdDecompressSync } from "node:zlib";

import { PIECE_BYTES } from "../../proto/template-frames.ts";

const PAGE_BYTES = 4096;
const ZEROES = Buffer.alloc(PIECE_BYTES);

/** Packing beyond the fastest level costs more time than the line saves. */
const LEVEL = 1;
/** Packed pieces are sent when they are at most this much of the plain ones. */
const WORTH_IT = 0.9;
/** After a piece that did not shrink, so many more go as they are: it is hardly the only one. */
const UNTRIED = 8;

export type Piece =
  | { kind: "data"; bytes: Uint8Array }
  | { kind: "compressed"; zstd: Uint8Array; size: number }
  | { kind: "hole"; size: number };

/** A file that is not what was announced. */
export class BadPiece extends Error {
  override name = "BadPiece";
}

const isZero = (bytes: Buffer): boolean => bytes.equals(ZEROES.subarray(0, bytes.length));

/** The file in order; a run of zero pieces is one hole. */
export async function* readPieces(path: string, signal: AbortSignal): AsyncGenerator<Piece> {
  const handle = await open(path, "r");
  try {
    let hole = 0;
    let untried = 0;
    for (let position = 0; ;) {
      signal.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, position);
      position += bytesRead;
      const bytes = buffer.subarray(0, bytesRead);
      if (bytesRead > 0 && isZero(bytes)) {
        hole += bytesRead;
        continue;
      }
      if (hole > 0) yield { kind: "hole", size: hole };
      hole = 0;
      if (bytesRead === 0) return;
      const zstd = untried > 0 ? bytes : await Bun.zstdCompress(bytes, { level: LEVEL });
      const shrank = zstd.byteLength <= bytesRead * WORTH_IT;
      untried = shrank ? 0 : untried > 0 ? untried - 1 : UNTRIED;
      yield shrank ? { kind: "compressed", zstd, size: bytesRead } : { kind: "data", bytes };
    }
  } finally {
    await handle.close();
  }
}

/** At once: a thousandth of the time that its write takes, and a stream per piece would cost twice that. */
const unpack = (zstd: Uint8Array, size: number): Buffer => {
  try {
    // Bounded before it is unpacked: a few bytes could stand for gigabytes.
    return zstdDecompressSync(zstd, { maxOutputLength: size });
  } catch (cause) {
    throw new BadPiece("a packed piece cannot be unpacked", { cause });
  }
};

const plainOf = (piece: Exclude<Piece, { kind: "hole" }>): Buffer => {
  if (piece.kind === "data") {
    const { buffer, byteOffset, byteLength } = piece.bytes;
    return Buffer.from(buffer, byteOffset, byteLength);
  }
  if (piece.size > PIECE_BYTES) throw new BadPiece(`a piece of ${piece.size} bytes is too large`);
  const plain = unpack(piece.zstd, piece.size);
  if (plain.length !== piece.size) throw new BadPiece("a packed piece has another size than it said");
  return plain;
};

/** Writes the runs of pages that are not zero. */
const writeSparse = async (handle: FileHandle, bytes: Buffer, position: number): Promise<void> => {
  let from = -1;
  for (let at = 0; at < bytes.length; at += PAGE_BYTES) {
    const isHole = isZero(bytes.subarray(at, at + PAGE_BYTES));
    if (isHole && from >= 0) await handle.write(bytes, from, at - from, position + from);
    from = isHole ? -1 : from < 0 ? at : from;
  }
  if (from >= 0) await handle.write(bytes, from, bytes.length - from, position + from);
};

/** A file being written, as sparse as it was; never more than `sizeBytes`. */
export class PieceWriter {
  #position = 0;

  private constructor(
    readonly handle: FileHandle,
    readonly sizeBytes: number,
  ) {}

  static async create(path: string, sizeBytes: number): Promise<PieceWriter> {
    const handle = await open(path, "wx", 0o600);
    return new PieceWriter(handle, sizeBytes);
  }

  /** Throws `BadPiece` for what goes beyond the file. */
  async add(piece: Piece): Promise<void> {
    const size = piece.kind === "data" ? piece.bytes.byteLength : piece.size;
    if (this.#position + size > this.sizeBytes) {
      throw new BadPiece(`a file has more than the ${this.sizeBytes} bytes it was announced with`);
    }
    if (piece.kind !== "hole") await writeSparse(this.handle, plainOf(piece), this.#position);
    this.#position += size;
  }

  /** Durable when this resolves. Throws `BadPiece` when something is missing. */
  async finish(): Promise<void> {
    if (this.#position !== this.sizeBytes) {
      throw new BadPiece(`a file ended after ${this.#position} of ${this.sizeBytes} bytes`);
    }
    await this.handle.truncate(this.sizeBytes);
    await this.handle.sync();
    await this.handle.close();
  }

  /** Also after a failure, or when nothing more comes. */
  async close(): Promise<void> {
    await this.handle.close().catch(() => {});
  }
}
