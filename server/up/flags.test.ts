import { describe, expect, test } from "bun:test";

import { CommandFailure } from "./failure.ts";
import { parseUpFlags } from "./flags.ts";

describe("flags of up", () => {
  test("none: everything by default", () => {
    expect(parseUpFlags([])).toEqual({
      port: null,
      dir: null,
      hosts: null,
      readyFile: null,
      smoke: false,
      help: false,
    });
  });

  test("all of them", () => {
    const args = ["--port", "0", "--dir=/srv/w", "--hosts", "3", "--ready-file", "r.json", "--smoke"];
    expect(parseUpFlags(args)).toEqual({
      port: 0,
      dir: "/srv/w",
      hosts: 3,
      readyFile: "r.json",
      smoke: true,
      help: false,
    });
  });

  test.each([
    [["--port", "65536"], "--port"],
    [["--port", "-1"], "port"],
    [["--port", "80x"], "--port"],
    [["--dir", ""], "--dir"],
    [["--hosts", "0"], "--hosts"],
    [["--hosts", "32"], "--hosts"],
    [["--hosts", "many"], "--hosts"],
    [["--ready-file", "a\0b"], "--ready-file"],
    [["--prot", "1"], "--prot"],
    [["start"], "start"],
  ])("%j is refused and named", (args, named) => {
    const attempt = () => parseUpFlags(args);
    expect(attempt).toThrow(CommandFailure);
    expect(attempt).toThrow(named);
  });
});
