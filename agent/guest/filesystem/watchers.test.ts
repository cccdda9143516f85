import { expect, test } from "bun:test";

import { WatcherTable } from "./watchers.ts";

const MINUTE_MS = 60_000;

test("a full table takes a new watcher only for one that nobody has asked for ten minutes", () => {
  let nowMs = 0;
  const closed: number[] = [];
  const table = new WatcherTable(() => nowMs);
  const make = (index: number) => ({ take: () => [], close: () => void closed.push(index) });
  const ids = Array.from({ length: 64 }, (_, index) => table.add(make(index)));
  nowMs = 9 * MINUTE_MS;
  // Asked for: no longer the first to go.
  table.takeEvents(ids[0] ?? "");
  expect(() => table.add(make(64))).toThrow("too many watchers");
  expect(closed).toEqual([64]);
  nowMs = 11 * MINUTE_MS;
  table.add(make(65));
  expect(closed).toEqual([64, 1]);
  expect(() => table.takeEvents(ids[1] ?? "")).toThrow("not found");
  expect(table.takeEvents(ids[0] ?? "")).toEqual([]);
});
