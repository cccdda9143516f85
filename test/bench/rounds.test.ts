import { expect, test } from "bun:test";

import { type Runner, runRounds } from "./rounds.ts";

const recorder = (name: "wrenn" | "floor", order: string[]): Runner => ({
  name,
  once: async () => {
    order.push(name);
    return [{ case: "fork", subject: name, value: order.length }];
  },
});

test("subjects take turns, and warm-ups are not counted", async () => {
  const order: string[] = [];
  const measured = await runRounds([recorder("wrenn", order), recorder("floor", order)], {
    warmUps: 1,
    runs: 2,
  });
  expect(order).toEqual(["floor", "wrenn", "wrenn", "floor", "floor", "wrenn"]);
  expect(measured.map(({ value }) => value)).toEqual([3, 4, 5, 6]);
});

test("a failing repetition ends the run", async () => {
  const failing: Runner = { name: "floor", once: () => Promise.reject(new Error("no tap")) };
  expect(runRounds([failing], { warmUps: 0, runs: 3 })).rejects.toThrow("no tap");
});
