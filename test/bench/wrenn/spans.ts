/** Where the agent's time went: medians of the durations its log lines carry, by event. */
import { summarize } from "../statistics.ts";
import type { LogEvent } from "./agent-log.ts";

/** One line per event that carries durations, most frequent first; empty when there is none. */
export const formatSpans = (events: readonly LogEvent[]): string => {
  const byEvent = new Map<string, Map<string, number[]>>();
  for (const event of events) {
    const name = String(event["event"]);
    for (const [key, value] of Object.entries(event)) {
      if (!key.endsWith("Ms") || typeof value !== "number") continue;
      const spans = byEvent.get(name) ?? new Map<string, number[]>();
      byEvent.set(name, spans);
      spans.set(key, [...(spans.get(key) ?? []), value]);
    }
  }
  return [...byEvent]
    .map(([name, spans]) => {
      const parts = [...spans].map(([key, values]) => {
        const { p50, p95 } = summarize(values);
        return `${key.slice(0, -"Ms".length)} ${p50} (p95 ${p95})`;
      });
      const count = Math.max(...[...spans.values()].map((values) => values.length));
      return `${name} (${count}, ms): ${parts.join(", ")}`;
    })
    .join("\n");
};
