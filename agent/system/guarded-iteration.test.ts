import { expect, test } from "bun:test";

import { guarded } from "./guarded-iteration.ts";

const NEVER = new AbortController().signal;

/** Gives `items`, then nothing more. */
const thenSilent = (items: number[]) => {
  const source = { ended: false };
  const iterable: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => {
        const value = items.shift();
        return value === undefined ? await new Promise(() => {}) : { done: false, value };
      },
      return: async () => {
        source.ended = true;
        return { done: true, value: undefined };
      },
    }),
  };
  return { source, iterable };
};

test("items pass", async () => {
  const items = (async function* () {
    yield 1;
    yield 2;
  })();
  expect(await Array.fromAsync(guarded(items, { signal: NEVER, idleMs: 1_000 }))).toEqual([1, 2]);
});

test("silence ends it, and the source is told", async () => {
  const { source, iterable } = thenSilent([1]);
  await expect(Array.fromAsync(guarded(iterable, { signal: NEVER, idleMs: 20 }))).rejects.toThrow(
    "nothing came",
  );
  expect(source.ended).toBe(true);
});

test("an abort ends it, also while it waits", async () => {
  const { source, iterable } = thenSilent([1]);
  const stop = new AbortController();
  const reading = Array.fromAsync(guarded(iterable, { signal: stop.signal, idleMs: 60_000 }));
  stop.abort(new Error("deleted"));
  await expect(reading).rejects.toThrow("deleted");
  expect(source.ended).toBe(true);
});
