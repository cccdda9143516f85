import { expect, test } from "bun:test";

import type { Template } from "../images/images.ts";
import { TemplateCopies } from "./template-copies.ts";

const NEVER = new AbortController().signal;
const STILL_MS = 20;

/** Handed on and never looked at. */
const [FIRST, SECOND] = [{} as Template, {} as Template];

/** An import that ends when it is told to, or is given up. */
const begin = (copies: TemplateCopies, isWaiting: boolean) => {
  const end = Promise.withResolvers<Template>();
  const outcome = copies.bringIn("any", NEVER, (signal, onWait) => {
    onWait(true);
    onWait(isWaiting);
    signal.addEventListener("abort", () => end.reject(signal.reason));
    return end.promise;
  });
  return { outcome, end: () => end.resolve(FIRST) };
};

test("one that comes twice is one, also while the first works on what it has", async () => {
  const copies = new TemplateCopies(STILL_MS);
  const { outcome, end } = begin(copies, false);
  await Bun.sleep(2 * STILL_MS);
  const second = copies.bringIn("any", NEVER, () => Promise.reject(new Error("begun twice")));
  end();
  expect(await outcome).toBe(FIRST);
  expect(await second).toBe(FIRST);
});

test("one that waits for its source just now is not given up", async () => {
  const copies = new TemplateCopies(60_000);
  const { outcome, end } = begin(copies, true);
  const second = copies.bringIn("any", NEVER, () => Promise.reject(new Error("begun twice")));
  end();
  expect([await outcome, await second]).toEqual([FIRST, FIRST]);
});

test("one that fell silent ends, and those that come after it are one again", async () => {
  const copies = new TemplateCopies(STILL_MS);
  const { outcome } = begin(copies, true);
  const given = outcome.catch((error: unknown) => error);
  await Bun.sleep(2 * STILL_MS);
  let begun = 0;
  const bring = () =>
    copies.bringIn("any", NEVER, async () => {
      begun += 1;
      await Bun.sleep(1);
      return SECOND;
    });
  const [second, third] = await Promise.all([bring(), bring()]);
  expect(await given).toMatchObject({ code: "busy" });
  expect([second === SECOND, third === SECOND, begun]).toEqual([true, true, 1]);
  expect(copies.isComingIn("any")).toBe(false);
});
