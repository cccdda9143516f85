import { expect, test } from "bun:test";

import { waitFor } from "../../test/support/wait-for.ts";
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

test("items that were taken are not kept", async () => {
  let collected = 0;
  const registry = new FinalizationRegistry(() => void (collected += 1));
  const items = (async function* () {
    for (let index = 0; index < 200; index += 1) {
      const item = { bytes: new Uint8Array(100_000) };
      registry.register(item, null);
      yield item;
      // What is collected is told in a later turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
    Bun.gc(true);
    await waitFor("most are collected", () => collected > 150);
  })();
  for await (const { bytes } of guarded(items, { signal: NEVER, idleMs: 60_000 }))
    expect(bytes.length).toBe(100_000);
  expect(collected).toBeGreaterThan(150);
});
