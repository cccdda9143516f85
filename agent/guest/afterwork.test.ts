import { expect, test } from "bun:test";

import { Afterwork } from "./afterwork.ts";

test("deferred work is done once: before the next request, or by itself", async () => {
  const afterwork = new Afterwork();
  let done = 0;
  afterwork.defer(() => (done += 1));
  expect(done).toBe(0);
  afterwork.settle();
  afterwork.settle();
  expect(done).toBe(1);
  afterwork.defer(() => (done += 1));
  await new Promise((resolve) => setImmediate(resolve));
  expect(done).toBe(2);
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
