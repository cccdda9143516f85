/** Runs of guest pages: how pagemap entries become runs, and how runs are cut into pieces for copying. */
import { MAX_RANGES } from "../system/libc.ts";

export const PAGE_BYTES = 4096;

/** First page and page count. */
export type PageRun = [number, number];

/** Bits of a pagemap entry's upper half (Linux Documentation/admin-guide/mm/pagemap.rst). */
const PRESENT_OR_SWAPPED = 0xc000_0000;
const FILE_PAGE = 0x2000_0000;

/** Collects pages in ascending order into runs. */
export class RunBuilder {
  readonly runs: PageRun[] = [];
  #last: PageRun | null = null;

  /**
   * `entries` are the 64-bit pagemap entries from `firstPage` on, as 32-bit halves, low half first. A page
   * differs from its private file mapping exactly when it is there and is not the file's own.
   */
  addPagemap(entries: Uint32Array, firstPage: number): void {
    const count = entries.length / 2;
    for (let index = 0; index < count; index++) {
      const high = entries[index * 2 + 1] ?? 0;
      if ((high & PRESENT_OR_SWAPPED) !== 0 && (high & FILE_PAGE) === 0) this.#add(firstPage + index);
    }
  }

  #add(page: number): void {
    if (this.#last !== null && this.#last[0] + this.#last[1] === page) {
      this.#last[1]++;
      return;
    }
    this.#last = [page, 1];
    this.runs.push(this.#last);
  }
}

export const countPages = (runs: readonly PageRun[]): number =>
  runs.reduce((sum, [, count]) => sum + count, 0);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Runs come back from a file: true when they ascend, do not touch and lie within `totalPages`. */
export const areValidRuns = (runs: readonly PageRun[], totalPages: number): boolean => {
  let free = 0;
  for (const run of runs) {
    const [first, count] = run;
    if (run.length !== 2 || !isCount(first) || !isCount(count)) return false;
    if (count === 0 || first < free || first + count > totalPages) return false;
    // A run that begins right where the last one ended would have been one run with it.
    free = first + count + 1;
  }
  return true;
};

/** Runs are copied in pieces of at most this much: the event loop gets its turn in between. */
export const PIECE_BYTES = 4 << 20;
const PIECE_PAGES = PIECE_BYTES / PAGE_BYTES;

/**
 * Cuts runs into pieces of at most `PIECE_BYTES` and `MAX_RANGES` runs. Digests are chained over these
 * pieces, so the cut is part of the format.
 */
export function* cutPieces(runs: readonly PageRun[]): Generator<PageRun[]> {
  let piece: PageRun[] = [];
  let free = PIECE_PAGES;
  for (const [first, count] of runs) {
    for (let done = 0; done < count;) {
      const take = Math.min(count - done, free);
      piece.push([first + done, take]);
      done += take;
      free -= take;
      if (free === 0 || piece.length === MAX_RANGES) {
        yield piece;
        piece = [];
        free = PIECE_PAGES;
      }
    }
  }
  if (piece.length > 0) yield piece;
}
