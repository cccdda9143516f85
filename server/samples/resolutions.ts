/** How fine samples are kept for how long, and which of these answers a question about a span of time. */
import { invalidRequest } from "../errors.ts";
import { readTime } from "../http/times.ts";

export interface Resolution {
  sec: number;
  keepSec: number;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Finest first: what hosts send, and what is made of it. */
export const RESOLUTIONS = [
  { sec: 15, keepSec: HOUR },
  { sec: MINUTE, keepSec: DAY },
  { sec: 15 * MINUTE, keepSec: 30 * DAY },
] as const satisfies readonly Resolution[];

export const FINEST_SEC = RESOLUTIONS[0].sec;

/** Of one answer: more than a chart has pixels. */
const MAX_POINTS = 1_500;
/** What a chart gets that does not ask for a step. */
const USUAL_POINTS = 500;

export interface SpanQuery {
  start?: string | undefined;
  end?: string | undefined;
  /** Seconds. */
  step?: number | undefined;
}

export interface Span {
  start: Date;
  end: Date;
  /** Of the rows that are read. */
  resolutionSec: number;
  /** Of the points that are answered: a multiple of the resolution. */
  stepSec: number;
}

const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** Without a start the hour before the end, without an end until now. @throws ApiError 400. */
export const toSpan = ({ start, end, step }: SpanQuery, now = Date.now()): Span => {
  const endMs = end === undefined ? now : readTime("end", end).getTime();
  const startMs = start === undefined ? endMs - HOUR * 1_000 : readTime("start", start).getTime();
  if (startMs >= endMs) throw invalidRequest("start", "before_end", "start: choose a time before end.");
  const ageSec = (now - startMs) / 1_000;
  const spanSec = (endMs - startMs) / 1_000;
  const kept = RESOLUTIONS.filter(({ keepSec }) => keepSec >= ageSec);
  const wantedSec = step ?? spanSec / USUAL_POINTS;
  const coarsest = RESOLUTIONS[RESOLUTIONS.length - 1] ?? RESOLUTIONS[0];
  const resolution = kept.findLast(({ sec }) => sec <= wantedSec) ?? kept[0] ?? coarsest;
  const stepSec = roundUp(Math.max(wantedSec, resolution.sec), resolution.sec);
  if (spanSec / stepSec > MAX_POINTS) {
    const leastSec = roundUp(spanSec / MAX_POINTS, resolution.sec);
    throw invalidRequest("step", "max_points", `step: at least ${leastSec} seconds for so long a time.`);
  }
  return { start: new Date(startMs), end: new Date(endMs), resolutionSec: resolution.sec, stepSec };
};
