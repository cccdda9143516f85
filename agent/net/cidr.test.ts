import { describe, expect, test } from "bun:test";

import { array, assert, integer, nat, property, string, tuple } from "fast-check";

import { BadCidr, formatAddress, mergeRanges, overlaps, parseCidr, toSetElements } from "./cidr.ts";

const MAX = 2 ** 32 - 1;
const cidr = tuple(integer({ min: 0, max: MAX }), integer({ min: 0, max: 32 })).map(
  ([address, bits]) => `${formatAddress(address)}/${bits}`,
);

describe("cidr", () => {
  test("networks become ranges", () => {
    expect(parseCidr("10.1.2.3/8")).toEqual({ first: 0x0a000000, last: 0x0affffff });
    expect(parseCidr("0.0.0.0/0")).toEqual({ first: 0, last: MAX });
    expect(parseCidr("255.255.255.255")).toEqual({ first: MAX, last: MAX });
  });

  test.each(["", "1.2.3", "1.2.3.4/33", "1.2.3.256", "01.2.3.4", "::1/64", "1.2.3.4/8 ; drop", "1.2.3.4\n"])(
    "%j is refused",
    (text) => {
      expect(() => parseCidr(text)).toThrow(BadCidr);
    },
  );

  test("any text is a network or refused, and nothing else gets into a rule", () => {
    assert(
      property(string({ unit: "binary" }), (text) => {
        try {
          expect(toSetElements([text])).toMatch(/^[\d.-]+$/);
        } catch (error) {
          expect(error).toBeInstanceOf(BadCidr);
        }
      }),
    );
  });

  test("merged ranges are disjoint, sorted and cover the same addresses", () => {
    assert(
      property(array(cidr, { maxLength: 20 }), nat(MAX), (cidrs, address) => {
        const ranges = cidrs.map(parseCidr);
        const merged = mergeRanges(ranges);
        const point = { first: address, last: address };
        const covers = (list: typeof ranges) => list.some((range) => overlaps(range, point));
        expect(covers(merged)).toBe(covers(ranges));
        merged.slice(1).forEach((range, index) => {
          expect(range.first).toBeGreaterThan((merged[index]?.last ?? 0) + 1);
        });
      }),
    );
  });
});
