/**
 * The rule that every limiter follows. Time is cut into windows; requests that passed in the last one count
 * in this one with the share of it that a window ending now still covers. So in any span of `t` seconds no
 * more than `count * (1 + t / windowSec)` pass, also across the edge of two windows.
 */
import type { Rule } from "./classes.ts";

/** What passed so far, and how far into its window the present is. Whole milliseconds: sums stay exact. */
export interface Seen {
  previous: number;
  current: number;
  elapsedMs: number;
}

export interface Verdict {
  passed: boolean;
  rule: Rule;
  /** Requests that would pass right after this one. */
  remaining: number;
  /** With none remaining: until one passes, if nothing else is asked. Else until the window ends. */
  resetSec: number;
}

export const passes = ({ previous, current, elapsedMs }: Seen, { count, windowSec }: Rule): boolean => {
  const windowMs = windowSec * 1000;
  return (current + 1) * windowMs + previous * (windowMs - elapsedMs) <= count * windowMs;
};

/** Milliseconds until one more passes; 0 when it does now. */
export const waitMs = (seen: Seen, rule: Rule): number => {
  if (passes(seen, rule)) return 0;
  const { previous, current, elapsedMs } = seen;
  const windowMs = rule.windowSec * 1000;
  // How far into a window `before` weighs little enough, with `now` requests in the window itself.
  const fadedMs = (before: number, now: number): number =>
    windowMs - Math.floor(((rule.count - 1 - now) * windowMs) / before);
  if (current < rule.count) return fadedMs(previous, current) - elapsedMs;
  return windowMs - elapsedMs + fadedMs(current, 0);
};

/** @param seen what passed so far, this request included when it `passed` */
export const toVerdict = (seen: Seen, rule: Rule, passed: boolean): Verdict => {
  const windowMs = rule.windowSec * 1000;
  const carried = (seen.previous * (windowMs - seen.elapsedMs)) / windowMs;
  const remaining = passed ? Math.max(0, Math.floor(rule.count - seen.current - carried)) : 0;
  const resetMs = remaining > 0 ? windowMs - seen.elapsedMs : waitMs(seen, rule);
  return { passed, rule, remaining, resetSec: Math.max(1, Math.ceil(resetMs / 1000)) };
};
