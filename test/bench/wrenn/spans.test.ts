import { expect, test } from "bun:test";

import { formatSpans } from "./spans.ts";

test("medians per event and duration; other fields are left out", () => {
  const events = [
    { event: "sandbox_paused", pages: 900, saveMs: 10, journalMs: 2 },
    { event: "sandbox_paused", pages: 900, saveMs: 30, journalMs: 2 },
    { event: "sandbox_paused", pages: 900, saveMs: 20, journalMs: 4 },
    { event: "listening", port: 7070 },
  ];
  expect(formatSpans(events)).toBe("sandbox_paused (3, ms): save 20 (p95 30), journal 2 (p95 4)");
});
