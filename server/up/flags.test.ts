import { describe, expect, test } from "bun:test";

import { CommandFailure } from "./failure.ts";
import { parseUpFlags } from "./flags.ts";

describe("flags of up", () => {
  test("none: everything by default", () => {
    expect(parseUpFlags([])).toEqual({ port: null, dir: null, readyFile: null, smoke: false, help: false });
  });

  test("all of them", () => {
    expect(parseUpFlags(["--port", "0", "--dir=/srv/w", "--ready-file", "r.json", "--smoke"])).toEqual({
      port: 0,
      dir: "/srv/w",
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
    [["--ready-file", "a\0b"], "--ready-file"],
    [["--prot", "1"], "--prot"],
    [["start"], "start"],
  ])("%j is refused and named", (args, named) => {
    const attempt = () => parseUpFlags(args);
    expect(attempt).toThrow(CommandFailure);
    expect(attempt).toThrow(named);
  });
});
