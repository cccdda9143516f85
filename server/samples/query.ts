/** What a query string asks of a series. */
import { t } from "elysia";

import type { SpanQuery } from "./resolutions.ts";

const Time = t.Optional(t.String({ maxLength: 64, examples: ["2026-01-02T03:04:05Z"] }));

export const SpanFields = {
  start: Time,
  end: Time,
  step: t.Optional(
    t.Integer({
      minimum: 1,
      maximum: 30 * 86_400,
      description: "Seconds from one item to the next; without it as fine as a chart needs",
    }),
  ),
};

/** A series is asked for, and not only how things are now. */
export const asksForSeries = ({ start, end, step }: SpanQuery): boolean =>
  start !== undefined || end !== undefined || step !== undefined;
