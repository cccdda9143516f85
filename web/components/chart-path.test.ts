import { expect, test } from "bun:test";

import { type Frame, nearest, pathsOf } from "./chart-path.ts";

const frame: Frame = { fromMs: 0, toMs: 100, most: 10, gapMs: 30, width: 200, height: 50 };

test("points become one line, from the lower edge up", () => {
  const points = [
    { atMs: 0, value: 0 },
    { atMs: 25, value: 5 },
    { atMs: 50, value: 10 },
  ];
  expect(pathsOf(points, frame)).toEqual({
    line: "M0 50L50 25L100 0",
    ground: "M0 50L0 50L50 25L100 0L100 50Z",
  });
});

test("what is not known is a gap, and a point alone still shows", () => {
  const points = [
    { atMs: 0, value: 5 },
    { atMs: 60, value: 5 },
    { atMs: 80, value: 5 },
  ];
  expect(pathsOf(points, frame).line).toBe("M0 25h0.1M120 25L160 25");
});

test("values stay within the frame", () => {
  expect(pathsOf([{ atMs: 50, value: 12 }], frame).line).toBe("M100 0h0.1");
  expect(pathsOf([{ atMs: 50, value: -1 }], frame).line).toBe("M100 50h0.1");
  expect(pathsOf([], frame)).toEqual({ line: "", ground: "" });
});

test("the nearest point in time is found", () => {
  const points = [0, 10, 20].map((atMs) => ({ atMs, value: 1 }));
  expect([-5, 4, 6, 99].map((atMs) => nearest(points, atMs))).toEqual([0, 0, 1, 2]);
  expect(nearest([], 3)).toBe(-1);
});
