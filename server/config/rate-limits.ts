/** `WRENN_RATE_LIMITS`: `off`, or other numbers for some classes as `login=20/300,read=18000/60`. */
import {
  DEFAULT_RULES,
  LIMIT_CLASSES,
  type LimitClass,
  type Rule,
  type Rules,
} from "../rate-limits/classes.ts";
import { type Environment, fail, read } from "./environment.ts";

const NAME = "WRENN_RATE_LIMITS";
export const MAX_LIMIT_COUNT = 10_000_000;
/** Counts of two windows are needed, and the sweeper removes those of yesterday. */
const MAX_WINDOW_SEC = 43_200;

const isClass = (text: string): text is LimitClass => LIMIT_CLASSES.some((name) => name === text);

const isWithin = (value: number, most: number): boolean => value >= 1 && value <= most;

const readOverride = (text: string): [LimitClass, Rule] => {
  const [, name = "", countText, secText] = /^([^=]*)=(\d{1,8})\/(\d{1,8})$/.exec(text) ?? [];
  const rule = { count: Number(countText), windowSec: Number(secText) };
  if (!isWithin(rule.count, MAX_LIMIT_COUNT) || !isWithin(rule.windowSec, MAX_WINDOW_SEC)) {
    return fail(
      NAME,
      `expected off or class=count/seconds as login=20/300, with a count from 1 to ${MAX_LIMIT_COUNT} and 1 to ${MAX_WINDOW_SEC} seconds, found "${text}"`,
    );
  }
  if (isClass(name)) return [name, rule];
  return fail(NAME, `there is no class "${name}"; the classes are ${LIMIT_CLASSES.join(", ")}`);
};

/** Null: nothing is limited. */
export const readRateLimits = (env: Environment): Rules | null => {
  const text = read(env, NAME);
  if (text === null) return DEFAULT_RULES;
  if (text === "off") return null;
  const overrides = new Map<LimitClass, Rule>();
  for (const part of text.split(",")) {
    const [name, rule] = readOverride(part.trim());
    if (overrides.has(name)) fail(NAME, `the class ${name} is given twice`);
    overrides.set(name, rule);
  }
  return { ...DEFAULT_RULES, ...Object.fromEntries(overrides) };
};
