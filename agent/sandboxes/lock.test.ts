import { expect, test } from "bun:test";

import { Lock } from "./lock.ts";

test("operations run one after the other, in order, also after a failure", async () => {
  const lock = new Lock("it");
  const events: string[] = [];
  const step = (name: string, fails = false) =>
    lock.run(async () => {
      events.push(`${name} begins`);
      await Bun.sleep(1);
      events.push(`${name} ends`);
      if (fails) throw new Error(name);
    });
  const results = await Promise.allSettled([step("one"), step("two", true), step("three")]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(events).toEqual(["one begins", "one ends", "two begins", "two ends", "three begins", "three ends"]);
});

test("an operation learns that another waits, also one that waited before it began", async () => {
  const lock = new Lock("it");
  const untilWanted = (wanted: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (wanted.aborted) resolve();
      else wanted.addEventListener("abort", () => resolve());
    });
  const last = await Promise.all([
    lock.run(untilWanted),
    lock.run(untilWanted),
    lock.run((wanted) => Promise.resolve(wanted.aborted)),
  ]);
  expect(last[2]).toBe(false);
});

test("a line that is too long is refused", async () => {
  const lock = new Lock("it", 2);
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = lock.run(() => promise);
  await Promise.resolve();
  const waiting = [lock.run(async () => {}), lock.run(async () => {})];
  await expect(lock.run(async () => {})).rejects.toThrow(/waiting/);
  const must = lock.run(async () => "ran", true);
  resolve();
  await Promise.all([first, ...waiting]);
  expect(await must).toBe("ran");
  await lock.run(async () => {});
});
