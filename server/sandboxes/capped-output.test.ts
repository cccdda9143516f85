import { expect, test } from "bun:test";

import { CappedOutput, encodeOutputs } from "./capped-output.ts";

const capped = (maxBytes: number, ...chunks: (string | number[])[]): CappedOutput => {
  const output = new CappedOutput(maxBytes);
  for (const chunk of chunks)
    output.add(typeof chunk === "string" ? Buffer.from(chunk) : Uint8Array.from(chunk));
  return output;
};
const empty = () => new CappedOutput();

test("keeps what fits and says when something did not", () => {
  const whole = capped(6, "abc", "def");
  expect([whole.bytes().toString(), whole.truncated]).toEqual(["abcdef", false]);
  const cut = capped(5, "abc", "def", "ghi");
  expect([cut.bytes().toString(), cut.truncated]).toEqual(["abcde", true]);
});

test("a character split over chunks is one character", () => {
  const [first, second] = [[0xe2, 0x82], [0xac]];
  expect(encodeOutputs(capped(10, first, second), empty())).toEqual({
    stdout: "€",
    stderr: "",
    encoding: "utf8",
  });
});

test("a cut inside a character does not turn text into bytes", () => {
  for (let max = 1; max <= 9; max += 1) {
    const { stdout, encoding } = encodeOutputs(capped(max, "a€😀é"), empty());
    expect(encoding).toBe("utf8");
    expect("a€😀é".startsWith(stdout)).toBe(true);
  }
});

test("bytes that are no text come as base64, both of them", () => {
  expect(encodeOutputs(capped(10, [0xff, 0x00]), capped(10, "warning"))).toEqual({
    stdout: "/wA=",
    stderr: Buffer.from("warning").toString("base64"),
    encoding: "base64",
  });
});
