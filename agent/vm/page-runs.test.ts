import { describe, expect, test } from "bun:test";

import fc from "fast-check";

import { MAX_RANGES } from "../system/libc.ts";
import { areValidRuns, countPages, cutPieces, PAGE_BYTES, PIECE_BYTES, RunBuilder } from "./page-runs.ts";
import type { PageRun } from "./page-runs.ts";

/** Ascending runs with a hole between any two. */
const someRuns = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 5_000 })), { maxLength: 60 })
  .map((gaps) => {
    let page = 0;
    return gaps.map(([gap, count]): PageRun => {
      const first = page + gap;
      page = first + count;
      return [first, count];
    });
  });

describe("RunBuilder", () => {
  const PRESENT = 0x8000_0000;
  const SWAPPED = 0x4000_0000;
  const FILE = 0x2000_0000;

  test.each([
    ["present and its own", PRESENT, true],
    ["swapped out", SWAPPED, true],
    ["a page of the file", PRESENT | FILE, false],
    ["never touched", 0, false],
  ])("a page that is %s", (_what, high, isDirty) => {
    const builder = new RunBuilder();
    builder.addPagemap(Uint32Array.of(0xffff_ffff, high >>> 0), 7);
    expect(builder.runs).toEqual(isDirty ? [[7, 1]] : []);
  });

  test("joins neighbours, across calls too", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.nat({ max: 199 }), (dirty, split) => {
        const builder = new RunBuilder();
        const entries = (part: boolean[]) => Uint32Array.from(part.flatMap((is) => [0, is ? PRESENT : 0]));
        builder.addPagemap(entries(dirty.slice(0, split)), 0);
        builder.addPagemap(entries(dirty.slice(split)), Math.min(split, dirty.length));
        const pages = builder.runs.flatMap(([first, count]) =>
          Array.from({ length: count }, (_, i) => first + i),
        );
        expect(pages).toEqual(dirty.flatMap((is, page) => (is ? [page] : [])));
        expect(areValidRuns(builder.runs, dirty.length)).toBe(true);
      }),
    );
  });
});

describe("cutPieces()", () => {
  test("keeps every page once, in order, within the limits of one vectored call", () => {
    fc.assert(
      fc.property(someRuns, (runs) => {
        const pieces = [...cutPieces(runs)];
        for (const piece of pieces) {
          expect(piece.length).toBeLessThanOrEqual(MAX_RANGES);
          expect(countPages(piece) * PAGE_BYTES).toBeLessThanOrEqual(PIECE_BYTES);
        }
        const joined: PageRun[] = [];
        for (const [first, count] of pieces.flat()) {
          const last = joined.at(-1);
          if (last !== undefined && last[0] + last[1] === first) last[1] += count;
          else joined.push([first, count]);
        }
        expect(joined).toEqual(runs);
      }),
    );
  });

  test("begins a new piece after as many runs as one call takes", () => {
    const single = Array.from({ length: MAX_RANGES + 1 }, (_, index): PageRun => [index * 2, 1]);
    expect([...cutPieces(single)].map((piece) => piece.length)).toEqual([MAX_RANGES, 1]);
  });
});

describe("areValidRuns()", () => {
  test("takes what ascends and fits", () => {
    fc.assert(
      fc.property(someRuns, (runs) => {
        const [first = 0, count = 0] = runs.at(-1) ?? [];
        expect(areValidRuns(runs, first + count)).toBe(true);
        if (runs.length > 0) expect(areValidRuns(runs, first + count - 1)).toBe(false);
      }),
    );
  });

  test.each<[string, PageRun[]]>([
    ["a run of nothing", [[3, 0]]],
    ["a negative page", [[-1, 2]]],
    ["a broken number", [[1.5, 1]]],
    [
      "overlap",
      [
        [0, 4],
        [3, 2],
      ],
    ],
    [
      "runs that should have been one",
      [
        [0, 4],
        [4, 2],
      ],
    ],
    [
      "the wrong order",
      [
        [8, 1],
        [2, 1],
      ],
    ],
  ])("refuses %s", (_what, runs) => {
    expect(areValidRuns(runs, 100)).toBe(false);
  });
});
