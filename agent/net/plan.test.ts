import { describe, expect, test } from "bun:test";

import { assert, integer, property, string } from "fast-check";

import { firstUid, memoryGroup } from "../system/instance-ids.ts";
import { parseCidr } from "./cidr.ts";
import { indexAfter, interfacePrefix, MAX_SLOTS, planSlot } from "./plan.ts";

const range = parseCidr("10.250.8.0/21");

describe("slot plans", () => {
  test("names fit an interface, addresses stay in the range, uids in their block", () => {
    const last = planSlot("ffffff", range, MAX_SLOTS - 1);
    expect(last.hostInterface.length).toBeLessThanOrEqual(15);
    expect(last.address).toBe("10.250.15.255");
    expect(last.uid).toBeLessThanOrEqual(0x7fff_ffff);
    expect(planSlot("000000", range, 0).hostAddress).toBe("10.250.8.0");
  });

  test("the group of base memory is no slot's own, of this instance or the next", () => {
    expect(memoryGroup("000000")).toBeGreaterThan(planSlot("000000", range, MAX_SLOTS - 1).gid);
    expect(memoryGroup("000000")).toBeLessThan(firstUid("000001"));
  });

  test("an index is read back from its own names only", () => {
    const prefix = interfacePrefix("abcdef");
    assert(
      property(integer({ min: 0, max: MAX_SLOTS - 1 }), (index) => {
        expect(indexAfter(prefix, planSlot("abcdef", range, index).hostInterface)).toBe(index);
        expect(
          indexAfter(interfacePrefix("abcde0"), planSlot("abcdef", range, index).hostInterface),
        ).toBeNull();
      }),
    );
    assert(
      property(string(), (text) => {
        const index = indexAfter(prefix, prefix + text);
        if (index !== null) expect(prefix + text).toBe(planSlot("abcdef", range, index).hostInterface);
      }),
    );
  });
});
