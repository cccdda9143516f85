import { describe, expect, test } from "bun:test";

import { findMapping } from "./guest-memory.ts";

const line = (range: string, rights: string, offset: string, path: string): string =>
  `${range} ${rights} ${offset} 07:00 1234                       ${path}`;

describe("findMapping()", () => {
  test("finds the private mapping among others", () => {
    const maps = [
      line("560000000000-560000001000", "r-xp", "00000000", "/usr/bin/qemu-system-x86_64"),
      line("7f0000000000-7f0008000000", "rw-p", "00000000", "/dev/loop1"),
      "7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0                          [stack]",
    ].join("\n");
    expect(findMapping(maps, "/dev/loop1")).toEqual({ address: 0x7f00_0000_0000, bytes: 0x800_0000 });
    expect(findMapping(maps, "/dev/loop10")).toBeNull();
  });

  test("finds the mapping of what was removed meanwhile", () => {
    const maps = line("7f0000000000-7f0000001000", "rw-p", "00000000", "/dev/wrenn-loop1 (deleted)");
    expect(findMapping(maps, "/dev/wrenn-loop1")).toEqual({ address: 0x7f00_0000_0000, bytes: 0x1000 });
  });

  test("joins neighbours of one mapping", () => {
    const maps = [
      line("7f0000000000-7f0000001000", "rw-p", "00000000", "/a b"),
      line("7f0000001000-7f0000003000", "rw-p", "00001000", "/a b"),
    ].join("\n");
    expect(findMapping(maps, "/a b")).toEqual({ address: 0x7f00_0000_0000, bytes: 0x3000 });
  });

  test.each([
    ["shared", [line("7f0000000000-7f0000001000", "rw-s", "00000000", "/m")]],
    ["not from the start of the file", [line("7f0000000000-7f0000001000", "rw-p", "00001000", "/m")]],
    [
      "in two places",
      [
        line("7f0000000000-7f0000001000", "rw-p", "00000000", "/m"),
        line("7f0000002000-7f0000003000", "rw-p", "00001000", "/m"),
      ],
    ],
  ])("takes none that is %s", (_what, lines) => {
    expect(findMapping(lines.join("\n"), "/m")).toBeNull();
  });
});
