/**
 * A sandbox's logs as E2B's clients read them: entries with a time and a level. Wrenn's are plain text without
 * times, so each line is given one: the sandbox's start, and a millisecond more for each line.
 */
import type { Static } from "@sinclair/typebox";
import { t } from "elysia";

import { wordOf } from "../http/schemas.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { LOG_LEVELS, type LogEntryModel } from "./schemas.ts";

type LogEntry = Static<typeof LogEntryModel>;

const MAX_ENTRIES = 1_000;

const Limit = t.Optional(t.Integer({ minimum: 0, maximum: MAX_ENTRIES, default: MAX_ENTRIES }));
const UnixMs = t.Integer({ minimum: 0, description: "Milliseconds since 1970; entries of that time are in" });
const OPEN = { additionalProperties: true } as const;

export const LogQuery = t.Object({ start: t.Optional(UnixMs), limit: Limit }, OPEN);

export const LogQueryV2 = t.Object(
  {
    cursor: t.Optional(UnixMs),
    limit: Limit,
    direction: t.Optional(wordOf(["forward", "backward"])),
    level: t.Optional(wordOf(LOG_LEVELS)),
    search: t.Optional(t.String({ maxLength: 256 })),
  },
  OPEN,
);

/** Colours and carriage returns are for terminals. */
// eslint-disable-next-line no-control-regex
const TERMINAL_CODES = /\u001b\[[0-9;?]*[A-Za-z]|\r/g;

const linesOf = (text: string): string[] =>
  text.split("\n").flatMap((line) => line.replaceAll(TERMINAL_CODES, "").trimEnd() || []);

/** Oldest first. */
export const toEntries = (
  { startedAt, createdAt }: Sandbox,
  logs: { console: string; guestAgent: string },
): LogEntry[] => {
  const fromMs = (startedAt ?? createdAt).getTime();
  const lines = [
    ...linesOf(logs.console).map((message) => ({ message, logger: "console" })),
    ...linesOf(logs.guestAgent).map((message) => ({ message, logger: "guest-agent" })),
  ];
  return lines.map(({ message, logger }, index) => ({
    timestamp: new Date(fromMs + index).toISOString(),
    level: "info",
    message,
    fields: { logger },
  }));
};

/** The older form: each line is JSON. */
export const toLines = (entries: readonly LogEntry[]): { timestamp: string; line: string }[] =>
  entries.map(({ timestamp, level, message, fields }) => ({
    timestamp,
    line: JSON.stringify({ level, message, ...fields }),
  }));

const msOf = (entry: LogEntry): number => Date.parse(entry.timestamp);

export const select = (
  entries: readonly LogEntry[],
  { start = 0, limit = MAX_ENTRIES }: Static<typeof LogQuery>,
): LogEntry[] => entries.filter((entry) => msOf(entry) >= start).slice(0, limit);

export const selectV2 = (entries: readonly LogEntry[], query: Static<typeof LogQueryV2>): LogEntry[] => {
  const { cursor, limit = MAX_ENTRIES, direction = "forward", level = "debug", search = "" } = query;
  const isBackward = direction === "backward";
  const fits = (entry: LogEntry): boolean => {
    const isPast = cursor !== undefined && (isBackward ? msOf(entry) > cursor : msOf(entry) < cursor);
    return (
      !isPast &&
      LOG_LEVELS.indexOf(entry.level) >= LOG_LEVELS.indexOf(level) &&
      entry.message.includes(search)
    );
  };
  const found = entries.filter(fits);
  return (isBackward ? found.toReversed() : found).slice(0, limit);
};
