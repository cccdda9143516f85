/** What sandboxes, teams and hosts used over time, as hosts noted it. */
import { call } from "../api.ts";
import type { Answer } from "../api/routes.ts";

type Items<Answered> = Extract<Answered, { items: unknown }> extends { items: (infer One)[] } ? One : never;

type Stats = Answer<"GET /v1/sandboxes/stats">;

export type SandboxSample = Items<Answer<"GET /v1/sandboxes/:id/metrics">>;
export type TeamSample = Items<Stats["history"]>;
export type HostSample = Items<Answer<"GET /v1/hosts/:id/metrics">>;

/** Of a span of time that ends now, oldest first. */
export interface Series<Sample> {
  fromMs: number;
  toMs: number;
  /** From one sample to the next. */
  stepMs: number;
  samples: readonly Sample[];
}

/** What the team's running sandboxes use now; null: nothing is known. */
export type TeamUse = Stats["used"];

/** The finest samples are forgotten at the end of a span: asked for all of it, the server answers with coarser ones. */
const SHORTER_MS = 30_000;

interface Span {
  fromMs: number;
  toMs: number;
  query: { start: string };
}

const spanOf = (spanMs: number): Span => {
  const toMs = Date.now();
  const fromMs = toMs - spanMs + SHORTER_MS;
  return { fromMs, toMs, query: { start: new Date(fromMs).toISOString() } };
};

const seriesOf = <Sample>(
  { fromMs, toMs }: Span,
  answer: { step_sec: number; items: readonly Sample[] },
): Series<Sample> => ({ fromMs, toMs, stepMs: answer.step_sec * 1_000, samples: answer.items });

const NONE = { step_sec: 0, items: [] };

export const readSandboxUsage = async (
  id: string,
  spanMs: number,
  signal: AbortSignal,
): Promise<Series<SandboxSample>> => {
  const span = spanOf(spanMs);
  const answer = await call("GET /v1/sandboxes/:id/metrics", { params: { id }, query: span.query, signal });
  return seriesOf(span, "items" in answer ? answer : { ...NONE, items: [answer] });
};

export const readHostUsage = async (
  id: string,
  spanMs: number,
  signal: AbortSignal,
): Promise<Series<HostSample>> => {
  const span = spanOf(spanMs);
  return seriesOf(
    span,
    await call("GET /v1/hosts/:id/metrics", { params: { id }, query: span.query, signal }),
  );
};

/** Of all sandboxes of the team together. */
export const readTeamUsage = async (
  spanMs: number,
  signal: AbortSignal,
): Promise<Series<TeamSample> & { now: TeamUse }> => {
  const span = spanOf(spanMs);
  const { history, used } = await call("GET /v1/sandboxes/stats", { query: span.query, signal });
  return { ...seriesOf(span, history ?? NONE), now: used };
};
