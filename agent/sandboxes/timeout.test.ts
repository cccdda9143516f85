import { expect, test } from "bun:test";

import type { SandboxTimeout } from "./journal.ts";
import { deadlineFrom, endsLater } from "./timeout.ts";

const NOW_MS = 1_000_000;
const of = (kind: SandboxTimeout["kind"], timeoutSec: number): SandboxTimeout => ({
  kind,
  timeoutSec,
  action: "kill",
});

/** Set so many seconds ago. */
const set = (timeout: SandboxTimeout, agoSec: number) => ({
  timeout,
  deadlineMs: deadlineFrom(timeout, NOW_MS - agoSec * 1_000),
});

test.each([
  ["longer", of("deadline", 300), 0, 301, true],
  ["as long, later", of("deadline", 300), 1, 300, true],
  ["as long, at once", of("deadline", 300), 0, 300, false],
  ["shorter", of("deadline", 300), 10, 20, false],
  ["shorter, when nearly over", of("deadline", 300), 290, 20, true],
  ["never after some time", of("deadline", 300), 0, 0, true],
  ["some time after never", of("deadline", 0), 0, 300, false],
  ["never after never", of("deadline", 0), 0, 0, false],
  ["a longer idle one", of("idle", 300), 200, 301, true],
  ["a shorter idle one, though the old is nearly over", of("idle", 300), 299, 20, false],
  ["an idle one after never", of("idle", 0), 0, 20, false],
])("%s", (_, current, agoSec, wantedSec, expected) => {
  expect(endsLater({ ...current, timeoutSec: wantedSec }, set(current, agoSec), NOW_MS)).toBe(expected);
});
