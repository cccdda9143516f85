import { describe, expect, test } from "bun:test";

import type { Sandbox } from "../sandboxes/sandbox.ts";
import { select, selectV2, toEntries, toLines } from "./logs.ts";

const STARTED_MS = Date.parse("2026-01-02T03:04:05.000Z");
const at = (ms: number): string => new Date(STARTED_MS + ms).toISOString();
// What is looked at of it.
const sandbox = { startedAt: new Date(STARTED_MS), createdAt: new Date(0) } as Sandbox;

const entries = toEntries(sandbox, {
  console: "\u001b[1mboot\u001b[0m\r\n\n  eth0: up\r\nlast",
  guestAgent: "listening\n",
});

test("lines in order, with a time each, without what is for terminals", () => {
  expect(entries).toEqual([
    { timestamp: at(0), level: "info", message: "boot", fields: { logger: "console" } },
    { timestamp: at(1), level: "info", message: "  eth0: up", fields: { logger: "console" } },
    { timestamp: at(2), level: "info", message: "last", fields: { logger: "console" } },
    { timestamp: at(3), level: "info", message: "listening", fields: { logger: "guest-agent" } },
  ]);
  expect(toEntries(sandbox, { console: "", guestAgent: "\n" })).toEqual([]);
});

test("the older form holds JSON with a level", () => {
  const [first] = toLines(entries);
  expect(first?.timestamp).toBe(at(0));
  expect(JSON.parse(first?.line ?? "")).toEqual({ level: "info", message: "boot", logger: "console" });
});

const messages = (found: readonly { message: string }[]): string[] =>
  found.map(({ message }) => message.trim());

test("from a time on, so many", () => {
  expect(messages(select(entries, {}))).toHaveLength(4);
  expect(messages(select(entries, { start: STARTED_MS + 2 }))).toEqual(["last", "listening"]);
  expect(messages(select(entries, { start: STARTED_MS + 1, limit: 1 }))).toEqual(["eth0: up"]);
  expect(select(entries, { limit: 0 })).toEqual([]);
});

describe("the newer call", () => {
  test.each([
    [{ cursor: STARTED_MS + 2 }, ["last", "listening"]],
    [{ direction: "backward" as const, limit: 2 }, ["listening", "last"]],
    [{ direction: "backward" as const, cursor: STARTED_MS + 1 }, ["eth0: up", "boot"]],
    [{ search: "l" }, ["last", "listening"]],
    [{ search: "L" }, []],
    [{ level: "info" as const, limit: 1 }, ["boot"]],
    [{ level: "warn" as const }, []],
  ])("%p", (query, expected) => {
    expect(messages(selectV2(entries, query))).toEqual(expected);
  });
});
