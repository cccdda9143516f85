import { expect, test } from "bun:test";

import { CommandFailure } from "../failure.ts";
import { formatAddress } from "./plan.ts";
import { chooseRange, parseRoutes, type Route } from "./range.ts";

const routes = (...destinations: string[]): Route[] =>
  parseRoutes(JSON.stringify(destinations.map((dst) => ({ dst, dev: "eth0" }))));

test("routes are read as ranges, without the default one", () => {
  const text = `[{"dst":"default","dev":"eth0"},{"dst":"10.0.0.0/31","dev":"a"},{"dst":"1.2.3.4","dev":"b"}]`;
  expect(parseRoutes(text)).toEqual([
    { first: 167_772_160, last: 167_772_161, device: "a" },
    { first: 16_909_060, last: 16_909_060, device: "b" },
  ]);
  expect(parseRoutes("")).toEqual([]);
});

test("the label decides where the range lies, unless something leads there", () => {
  const free = chooseRange("000001", []);
  expect(formatAddress(free)).toBe("10.128.0.64");
  expect(formatAddress(chooseRange("000001", routes("10.128.0.96/31")))).toBe("10.128.0.128");
  expect(formatAddress(chooseRange("000000", routes("10.128.0.0/16")))).toBe("10.129.0.0");
});

test("links that are there already keep their addresses", () => {
  const text = `[{"dst":"10.150.0.132/31","dev":"wrh000001-2"},{"dst":"10.140.0.2/31","dev":"wrh000002-1"}]`;
  expect(formatAddress(chooseRange("000001", parseRoutes(text)))).toBe("10.150.0.128");
});

test("without any free range it says what to do", () => {
  expect(() => chooseRange("abcdef", routes("10.0.0.0/8"))).toThrow(CommandFailure);
});
