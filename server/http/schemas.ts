/** Pieces of route schemas that several nouns share. */
import { FormatRegistry, type IntegerOptions, type TSchema, Type } from "@sinclair/typebox";
import { t } from "elysia";

import { API_KEY_SCOPES, TEAM_ROLES } from "../../db/constants.ts";
import { parseTime } from "./times.ts";

/** As this server writes a time, and most clients. */
const PLAIN_TIME =
  /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;

// The framework knows many ways to write a time, tries them in turn and makes a Date of each text: with 60 of
// them on a page of sandboxes that was a twelfth of what the page took.
const readsAsTime = FormatRegistry.Get("date-time");
const isTime = (text: string): boolean => readsAsTime?.(text) === true && parseTime(text) !== null;
FormatRegistry.Set("date-time", (text) => PLAIN_TIME.test(text) || isTime(text));

export const Timestamp = t.String({ format: "date-time", examples: ["2026-01-02T03:04:05.678Z"] });

export const nullable = <T extends TSchema>(schema: T) => t.Union([schema, t.Null()]);

/**
 * A whole number in an answer. The framework's own `t.Integer` reads text too, and an answer that holds one is
 * copied and rewritten value by value: a third of the time that a page of sandboxes took.
 */
export const integer = (options?: IntegerOptions) => Type.Integer(options);

/** Any of a list of words, as an enum. */
export const wordOf = <const T extends readonly string[]>(words: T) =>
  t.Unsafe<T[number]>(t.Union(words.map((word) => t.Literal(word))));

export const TeamRoleWord = wordOf(TEAM_ROLES);
export const ApiKeyScopeWord = wordOf(API_KEY_SCOPES);

export const pageOf = <T extends TSchema>(item: T) =>
  t.Object({ items: t.Array(item), next_cursor: nullable(t.String()) });

export const MAX_PAGE = 200;
export const DEFAULT_PAGE = 50;

export const PageQuery = {
  limit: t.Optional(t.Integer({ minimum: 1, maximum: MAX_PAGE, default: DEFAULT_PAGE })),
  cursor: t.Optional(t.String({ maxLength: 512 })),
};

/** The body of every error. */
export const ErrorBody = t.Object(
  { error: t.Object({ code: t.String(), message: t.String() }, { additionalProperties: true }) },
  { description: "See `code`; details depend on it." },
);
