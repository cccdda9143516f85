import { describe, expect, test } from "bun:test";

import { toSpan } from "./resolutions.ts";

const NOW = Date.parse("2026-01-02T12:00:00Z");
const ago = (sec: number): string => new Date(NOW - sec * 1_000).toISOString();
const HOUR = 3_600;
const DAY = 24 * HOUR;

describe("a span of time", () => {
  test.each([
    ["the last hour, unless something else is said", {}, { resolutionSec: 15, stepSec: 15 }],
    ["some minutes", { start: ago(600) }, { resolutionSec: 15, stepSec: 15 }],
    [
      "some minutes of today",
      { start: ago(5 * HOUR), end: ago(4.9 * HOUR) },
      { resolutionSec: 60, stepSec: 60 },
    ],
    ["half a day", { start: ago(12 * HOUR) }, { resolutionSec: 60, stepSec: 120 }],
    [
      "a minute of last week",
      { start: ago(7 * DAY), end: ago(7 * DAY - 60) },
      { resolutionSec: 900, stepSec: 900 },
    ],
    ["a month", { start: ago(30 * DAY) }, { resolutionSec: 900, stepSec: 5_400 }],
    ["longer than anything is kept", { start: ago(60 * DAY) }, { resolutionSec: 900, stepSec: 10_800 }],
    ["an hour in steps of its own", { step: 100 }, { resolutionSec: 60, stepSec: 120 }],
    [
      "a day in finer steps than are kept so long",
      { start: ago(DAY), step: 15 },
      { resolutionSec: 60, stepSec: 60 },
    ],
    ["an hour in finer steps than there are", { step: 1 }, { resolutionSec: 15, stepSec: 15 }],
  ])("%s", (_, query, expected) => expect(toSpan(query, NOW)).toMatchObject(expected));

  test("ends now and begins an hour before its end", () => {
    expect(toSpan({}, NOW)).toMatchObject({ start: new Date(ago(HOUR)), end: new Date(NOW) });
    expect(toSpan({ end: ago(HOUR) }, NOW).start).toEqual(new Date(ago(2 * HOUR)));
  });

  test.each([
    [{ start: "yesterday" }, "start", "date-time"],
    [{ end: "later" }, "end", "date-time"],
    [{ start: "-271821-04-20T00:00:00Z" }, "start", "date-time"],
    [{ end: "+275760-09-13T00:00:00Z" }, "end", "date-time"],
    [{ start: ago(60), end: ago(60) }, "start", "before_end"],
    [{ start: ago(30 * DAY), step: 900 }, "step", "max_points"],
  ])("is refused as %j", (query, field, rule) => {
    let details: unknown;
    try {
      toSpan({ ...query }, NOW);
    } catch (error) {
      details = error instanceof Error && "details" in error ? error.details : error;
    }
    expect(details).toEqual({ field, rule });
  });
});
