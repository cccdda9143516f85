/**
 * Checksums of saved memory: xxHash3 chained over pieces, each seeded with the one before. They find
 * damage at memory speed (a cryptographic hash would double the time of a pause); whoever could forge
 * them could write the manifest that holds them, too.
 */
import { open } from "node:fs/promises";

import type { PageRun } from "./page-runs.ts";

const PIECE_BYTES = 4 << 20;

export class ChainedDigest {
  #state = 0n;

  add(piece: Uint8Array): void {
    this.#state = Bun.hash.xxHash3(piece, this.#state);
  }

  /** Runs are part of what must be whole: content at the wrong page is as bad as wrong content. */
  addRuns(runs: readonly PageRun[]): void {
    this.add(new Uint8Array(new Float64Array(runs.flat()).buffer));
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

/** Digest of a diff that holds no page: what a template's state goes with. */
export const emptyDiffDigest = (): string => {
  const digest = new ChainedDigest();
  digest.addRuns([]);
  return digest.text();
};

/** Digest of a whole file, such as a template's base memory. About 2 GB/s from the page cache. */
export const digestFile = async (path: string): Promise<string> => {
  const handle = await open(path, "r");
  try {
    const digest = new ChainedDigest();
    const buffer = new Uint8Array(PIECE_BYTES);
    for (let position = 0; ;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) return digest.text();
      digest.add(buffer.subarray(0, bytesRead));
      position += bytesRead;
    }
  } finally {
    await handle.close();
  }
};
