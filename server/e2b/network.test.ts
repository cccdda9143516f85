import { describe, expect, test } from "bun:test";

import { ApiError } from "../errors.ts";
import type { Network } from "../sandboxes/sandbox.ts";
import { type EgressWish, fromNetwork, toNetwork } from "./network.ts";

const OPEN = { allow_internet: true, allow_cidrs: [], deny_cidrs: [], allow_domains: [] };
const ALL = "0.0.0.0/0";

const CASES: [string, EgressWish, Network][] = [
  ["nothing asked", {}, OPEN],
  ["some denied", { denyOut: ["192.0.2.0/24"] }, { ...OPEN, deny_cidrs: ["192.0.2.0/24"] }],
  [
    "an exception from what is denied",
    { allowOut: ["192.0.2.7"], denyOut: ["192.0.2.0/24"] },
    { ...OPEN, allow_cidrs: ["192.0.2.7"], deny_cidrs: ["192.0.2.0/24"] },
  ],
  ["no internet", { allow_internet_access: false }, { ...OPEN, allow_internet: false }],
  ["all denied", { denyOut: [ALL] }, { ...OPEN, allow_internet: false }],
  [
    "all denied but one",
    { allowOut: ["192.0.2.7"], denyOut: [ALL] },
    { ...OPEN, allow_cidrs: ["192.0.2.7"], deny_cidrs: [ALL] },
  ],
  [
    "no internet but one",
    { allowOut: ["192.0.2.7"], allow_internet_access: false },
    { ...OPEN, allow_cidrs: ["192.0.2.7"], deny_cidrs: [ALL] },
  ],
  [
    "all denied but names and one network",
    { allowOut: ["Example.com", "*.example.org", "192.0.2.0/24"], denyOut: ["198.51.100.1", ALL] },
    {
      ...OPEN,
      allow_cidrs: ["192.0.2.0/24"],
      deny_cidrs: [ALL, "198.51.100.1"],
      allow_domains: ["example.com", "*.example.org"],
    },
  ],
  [
    "names where there is no internet",
    { allowOut: ["example.com"], allow_internet_access: false },
    { ...OPEN, deny_cidrs: [ALL], allow_domains: ["example.com"] },
  ],
];

describe("toNetwork", () => {
  test.each(CASES)("%s", (_, wish, expected) => {
    expect(toNetwork(wish)).toEqual(expected);
  });

  test.each([
    ["allowOut", { allowOut: ["example.com"] }],
    ["allowOut", { allowOut: ["example.com"], denyOut: ["10.0.0.0/8"] }],
    ["denyOut", { denyOut: ["example.com"] }],
    ["denyOut", { denyOut: ["::/0"] }],
    ["denyOut", { denyOut: ["1.2.3.4/33"] }],
    ...[
      "",
      "*",
      "*.*.com",
      "a..b",
      "http://example.com",
      "example.com:443",
      "1.2.3.4/33",
      "1.2.3.400",
      "fe80::1",
    ].map((entry): [string, EgressWish] => ["allowOut", { allowOut: [entry], denyOut: [ALL] }]),
    ["allowOut", { allowOut: [`${"a".repeat(64)}.com`], denyOut: [ALL] }],
    ["allowOut", { allowOut: Array.from({ length: 101 }, (_, n) => `a${n}.com`), denyOut: [ALL] }],
  ] as [string, EgressWish][])("refuses in %s: %p", (field, wish) => {
    try {
      toNetwork(wish);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError);
      expect((error as ApiError).message).toStartWith(`${field}: `);
    }
  });
});

describe("fromNetwork", () => {
  test("what a client reads makes the same rules again", () => {
    for (const [, wish] of CASES) {
      const network = toNetwork(wish);
      const { allowOut, denyOut } = fromNetwork(network);
      expect(toNetwork({ allowOut, denyOut })).toEqual(network);
    }
  });

  test("says whether there is an internet", () => {
    expect(fromNetwork({})).toEqual({ allowOut: [], denyOut: [], allowInternetAccess: true });
    expect(fromNetwork({ allow_internet: false })).toEqual({
      allowOut: [],
      denyOut: [ALL],
      allowInternetAccess: false,
    });
  });
});
