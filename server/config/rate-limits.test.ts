import { expect, test } from "bun:test";

import { DEFAULT_RULES } from "../rate-limits/classes.ts";
import { ConfigError } from "./environment.ts";
import { readRateLimits } from "./rate-limits.ts";

const parse = (text: string) => readRateLimits({ WRENN_RATE_LIMITS: text });

test("without a value the defaults, `off` none, and what is named is replaced", () => {
  expect(readRateLimits({})).toBe(DEFAULT_RULES);
  expect(parse("off")).toBeNull();
  expect(parse("login=5/60, read=100/1")).toEqual({
    ...DEFAULT_RULES,
    login: { count: 5, windowSec: 60 },
    read: { count: 100, windowSec: 1 },
  });
});

test.each([
  ["on", "class=count/seconds"],
  ["login", "class=count/seconds"],
  ["login=5", "class=count/seconds"],
  ["login=0/60", "count from 1"],
  ["login=-1/60", "count from 1"],
  ["login=5/0", "1 to 43200 seconds"],
  ["login=5/43201", "1 to 43200 seconds"],
  ["login=10000001/60", "1 to 10000000"],
  ["login=5/60,", "class=count/seconds"],
  ["logins=5/60", 'there is no class "logins"; the classes are login,'],
  ["toString=5/60", 'there is no class "toString"'],
  ["login=5/60,login=6/60", "the class login is given twice"],
])("refuses %p: %s", (text, sentence) => {
  expect(() => parse(text)).toThrow(ConfigError);
  expect(() => parse(text)).toThrow(/^WRENN_RATE_LIMITS: /);
  expect(() => parse(text)).toThrow(sentence);
});
