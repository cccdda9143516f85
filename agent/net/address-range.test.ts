import { describe, expect, test } from "bun:test";

import { chooseRange, NoAddressRange, parseRoutes } from "./address-range.ts";
import { formatAddress, parseCidr } from "./cidr.ts";
import { RANGE_SIZE } from "./plan.ts";

const route = (destination: string, device = "eth0") => ({ destination: parseCidr(destination), device });

describe("the address range of an instance", () => {
  test("routes are read as ip prints them", () => {
    const text = JSON.stringify([
      { dst: "default", gateway: "192.0.2.1", dev: "eth0" },
      { dst: "10.8.0.0/24", dev: "tun0" },
      { dst: "10.200.0.2", dev: "wrnabcdef-1" },
      { dst: "unreachable", dev: "lo" },
    ]);
    expect(parseRoutes(text)).toEqual([route("10.8.0.0/24", "tun0"), route("10.200.0.2", "wrnabcdef-1")]);
    expect(parseRoutes("")).toEqual([]);
  });

  test("is the same for the same instance and another for another", () => {
    const range = chooseRange("abcdef", []);
    expect(chooseRange("abcdef", [])).toEqual(range);
    expect(chooseRange("abcde0", [])).not.toEqual(range);
    expect(range.last - range.first + 1).toBe(RANGE_SIZE);
    expect(range.first % RANGE_SIZE).toBe(0);
  });

  test("stays clear of every route of the machine", () => {
    const first = chooseRange("abcdef", []);
    const next = chooseRange("abcdef", [route(`${formatAddress(first.first + 300)}/32`)]);
    expect(next.first).toBeGreaterThan(first.last);
    const elsewhere = chooseRange("abcdef", [route("10.0.0.0/8")]);
    expect(formatAddress(elsewhere.first)).toStartWith("172.");
    expect(() => chooseRange("abcdef", [route("0.0.0.0/1"), route("128.0.0.0/1")])).toThrow(NoAddressRange);
  });

  test("is found again from a slot that is there", () => {
    const range = parseCidr("10.250.8.0/21");
    const slot = (index: number, device: string) =>
      route(`${formatAddress(range.first + 2 * index)}/31`, device);
    expect(chooseRange("abcdef", [slot(7, "wrnabcdef-7")])).toEqual(range);
    expect(chooseRange("abcdef", [slot(7, "wrn000000-7")])).toEqual(chooseRange("abcdef", []));
  });
});
