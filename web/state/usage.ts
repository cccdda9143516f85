/** What a sandbox used over time, as its host noted it. */
import { call } from "../api.ts";
import type { Answer } from "../api/routes.ts";

type Series = Extract<Answer<"GET /v1/sandboxes/:id/metrics">, { items: unknown }>;

export interface Usage {
  fromMs: number;
  toMs: number;
  stepMs: number;
  samples: Series["items"];
}

/** The finest samples are forgotten at the end of a span: asked for all of it, the server answers with coarser ones. */
const SHORTER_MS = 30_000;

export const readUsage = async (id: string, spanMs: number, signal: AbortSignal): Promise<Usage> => {
  const toMs = Date.now();
  const fromMs = toMs - spanMs + SHORTER_MS;
  const answer = await call("GET /v1/sandboxes/:id/metrics", {
    params: { id },
    query: { start: new Date(fromMs).toISOString() },
    signal,
  });
  const { step_sec: stepSec, items } = "items" in answer ? answer : { step_sec: 0, items: [answer] };
  return { fromMs, toMs, stepMs: stepSec * 1_000, samples: items };
};
