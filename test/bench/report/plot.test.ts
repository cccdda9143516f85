import { expect, test } from "bun:test";

import { toRows } from "../results.ts";
import type { Measurement } from "../rounds.ts";
import { drawPlot } from "./plot.ts";

const measured = (
  name: Measurement["case"],
  subject: Measurement["subject"],
  value: number,
): Measurement => ({
  case: name,
  subject,
  value,
});

test("times of the drawn subjects, named, on one axis", () => {
  const svg = drawPlot(
    toRows([
      measured("fork", "wrenn", 200),
      measured("fork", "floor", 1_500),
      measured("fork", "wrenn_agent", 190),
      measured("pause_50mb", "wrenn", 20),
      measured("api_read", "wrenn", 9_000),
    ]),
    'a < b & "c"',
  );
  expect(svg.match(/<circle[^>]* r="4.5"/g)).toHaveLength(4 + 3);
  expect(svg).toContain("<title>fork, floor: p50 1.50 s, p95 1.50 s, n 1</title>");
  expect(svg).toContain("pause 50 MB dirty");
  expect(svg).toContain(">a &lt; b &amp; &quot;c&quot;<");
  const place = (text: string) =>
    Number(new RegExp(`cx="([\\d.]+)"[^>]*>\\s*<text[^>]*>${text}<`).exec(svg)?.[1]);
  expect(place("20 ms")).toBeLessThan(place("200 ms"));
  expect(place("200 ms")).toBeLessThan(place("1.50 s"));
});

test("nothing to draw, no plot", () => {
  expect(drawPlot(toRows([measured("api_read", "wrenn", 9_000)]), "")).toBe("");
});
