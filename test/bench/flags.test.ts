import { expect, test } from "bun:test";

import { BadFlag, parseBenchFlags } from "./flags.ts";

test("defaults", () => {
  expect(parseBenchFlags([])).toMatchObject({ json: null, only: [], runs: 30, spans: false, docs: false });
});

test("cases add up", () => {
  expect(parseBenchFlags(["--only", "fork", "--only=warm_exec", "--runs", "3"])).toMatchObject({
    only: ["fork", "warm_exec"],
    runs: 3,
  });
});

test.each([[["--runs", "0"]], [["--runs", "2.5"]], [["--only", "froth"]], [["--fast"]], [["fork"]]])(
  "refuses %p",
  (args) => {
    expect(() => parseBenchFlags(args)).toThrow(BadFlag);
  },
);
