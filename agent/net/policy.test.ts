import { describe, expect, test } from "bun:test";

import { isAddressOpen, isOpenPolicy } from "./policy.ts";
import { type NetworkPolicy, OPEN_POLICY } from "./slots.ts";

const ADDRESS = "203.0.113.7";
const AROUND = "203.0.113.0/24";
const EVERYTHING = "0.0.0.0/0";

describe("a policy, of an address", () => {
  test.each([
    ["nothing set", {}, true],
    ["no internet", { allowInternet: false }, false],
    ["no internet, though allowed", { allowInternet: false, allowCidrs: [AROUND] }, false],
    ["it denied", { denyCidrs: [AROUND] }, false],
    ["another denied", { denyCidrs: ["198.51.100.0/24"] }, true],
    ["it allowed among what is denied", { allowCidrs: [ADDRESS], denyCidrs: [EVERYTHING] }, true],
    ["domains", { allowDomains: ["site.example"] }, false],
    ["domains, and it allowed", { allowDomains: ["site.example"], allowCidrs: [AROUND] }, true],
  ] satisfies [string, Partial<NetworkPolicy>, boolean][])("with %s", (_what, rules, isOpen) => {
    expect(isAddressOpen({ ...OPEN_POLICY, ...rules }, ADDRESS)).toBe(isOpen);
  });
});

test("a policy with any rule is not the open one", () => {
  expect(isOpenPolicy(OPEN_POLICY)).toBe(true);
  for (const rules of [
    { allowInternet: false },
    { allowCidrs: [AROUND] },
    { denyCidrs: [AROUND] },
    { allowDomains: ["site.example"] },
  ]) {
    expect(isOpenPolicy({ ...OPEN_POLICY, ...rules })).toBe(false);
  }
});
