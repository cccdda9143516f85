import { expect, test } from "bun:test";

import { waitFor } from "../../test/support/wait-for.ts";
import { Afterwork } from "./afterwork.ts";

test("deferred work is done once: before the next request, or by itself", async () => {
  const afterwork = new Afterwork(20);
  let done = 0;
  afterwork.defer(() => (done += 1));
  expect(done).toBe(0);
  afterwork.settle();
  afterwork.settle();
  expect(done).toBe(1);
  afterwork.defer(() => (done += 1));
  await waitFor("it is done", () => done === 2, 5_000);
});

test("what was put off stays to be done when more comes, in order", () => {
  const afterwork = new Afterwork();
  const done: string[] = [];
  afterwork.defer(() => done.push("the clone's identity"));
  afterwork.defer(() => done.push("a resume's settings"));
  afterwork.settle();
  expect(done).toEqual(["the clone's identity", "a resume's settings"]);
});

test("more that comes again and again puts nothing off for ever", async () => {
  const afterwork = new Afterwork(50);
  let done = 0;
  await waitFor(
    "it is done between two",
    () => {
      afterwork.defer(() => (done += 1));
      return done > 0;
    },
    5_000,
    5,
  );
});

test("a failure refuses every request until new work replaces it", () => {
  const afterwork = new Afterwork();
  afterwork.defer(() => {
    throw new Error("disk full");
  });
  expect(() => afterwork.settle()).toThrow("disk full");
  expect(() => afterwork.settle()).toThrow("disk full");
  afterwork.defer(() => {});
  afterwork.settle();
});
