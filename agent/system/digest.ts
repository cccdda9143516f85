/**
 * Checksums of large immutable files and of saved memory: xxHash3 chained over pieces, each seeded with the one before. They find
 * damage at memory speed (a cryptographic hash would double the time of a pause); whoever could forge
 * them could write the manifest that holds them, too.
 */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

const PIECE_BYTES = 4 << 20;

export class ChainedDigest {
  #state = 0n;

  add(piece: Uint8Array): void {
    this.#state = Bun.hash.xxHash3(piece, this.#state);
  }

  /** As 64-bit floats. */
  addNumbers(numbers: readonly number[]): void {
    this.add(new Uint8Array(Float64Array.from(numbers).buffer));
  }

  /** `xxh3-` and 16 hex digits. */
  text(): string {
    return `xxh3-${this.#state.toString(16).padStart(16, "0")}`;
  }
}

export const digestBytes = (bytes: Uint8Array): string => {
  const digest = new ChainedDigest();
  digest.add(bytes);
  return digest.text();
};

/** One buffer for all of it: a large file in pieces of their own would be that much garbage. */
const eachPiece = async (path: string, use: (piece: Uint8Array) => void): Promise<void> => {
  const handle = await open(path, "r");
  try {
    const buffer = new Uint8Array(PIECE_BYTES);
    for (let position = 0; ;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return;
      use(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  } finally {
    await handle.close();
  }
};

/** Digest of a whole file, such as a template's base memory. About 2 GB/s from the page cache. */
export const digestFile = async (path: string): Promise<string> => {
  const digest = new ChainedDigest();
  await eachPiece(path, (piece) => digest.add(piece));
  return digest.text();
};

/** What names files by their content: SHA-256 in hex over all of them, one after the other. */
export const sha256Files = async (...paths: string[]): Promise<string> => {
  const hash = createHash("sha256");
  for (const path of paths) await eachPiece(path, (piece) => hash.update(piece));
  return hash.digest("hex");
};
