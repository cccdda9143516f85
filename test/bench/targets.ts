/** What the medians are held against, on a machine without KVM and with two cores. Shown, never enforced. */
import type { CaseName, SubjectName } from "./cases.ts";
import { ratioOf, type Row } from "./results.ts";

/** What was measured together. */
export interface Measured {
  rows: readonly Row[];
  cores: number;
}

export interface Verdict {
  text: string;
  /** Null: what it is compared with was not measured. */
  isMet: boolean | null;
}

type Target = (row: Row, measured: Measured) => Verdict;

const ratioTo =
  (reference: SubjectName, atMost: number): Target =>
  (row, { rows }) => {
    const ratio = ratioOf(rows, row, reference);
    return { text: `<= ${atMost} x ${reference}`, isMet: ratio === null ? null : ratio <= atMost };
  };

/** For rates: more is better. */
const rateOf =
  (reference: SubjectName, atLeast: number): Target =>
  (row, { rows }) => {
    const ratio = ratioOf(rows, row, reference);
    return { text: `>= ${atLeast} x ${reference}`, isMet: ratio === null ? null : ratio >= atLeast };
  };

const atMost =
  (limit: number, unit: string): Target =>
  ({ p50 }) => ({ text: `<= ${limit} ${unit}`, isMet: p50 <= limit });

const p95AtMost =
  (limit: number, unit: string): Target =>
  ({ p95 }) => ({ text: `p95 <= ${limit} ${unit}`, isMet: p95 <= limit });

/** The 95th percentile in medians. */
const spread =
  (most: number): Target =>
  ({ p50, p95 }) => ({ text: `p95 <= ${most} x p50`, isMet: p95 <= most * p50 });

/** 40 ms and 2 ms more for each MB saved, fsync included. */
const pause: Target = (row, measured) => atMost(Math.round(40 + 2 * (row.dirtyMb ?? 0)), "ms")(row, measured);

/** Many at once, as if each took what the floor takes for a resume and all cores worked. */
const crowd =
  (count: number, factor: number): Target =>
  ({ p50 }, { rows, cores }) => {
    const resume = rows.find((row) => row.case === "resume_to_healthy" && row.subject === "floor");
    const limit = resume && (factor * count * resume.p50) / cores;
    return {
      text: `<= ${factor} x ${count} floor resumes / cores${limit ? ` (${limit.toFixed(0)} ms)` : ""}`,
      isMet: limit === undefined ? null : p50 <= limit,
    };
  };

const PAUSE = { wrenn: [pause, ratioTo("floor", 1.3)] };

const TARGETS: Partial<Record<CaseName, Partial<Record<SubjectName, Target[]>>>> = {
  create_to_first_command: {
    wrenn: [ratioTo("gvisor", 1), spread(2)],
    wrenn_unpaced: [ratioTo("floor", 1.4)],
  },
  warm_exec: { wrenn: [ratioTo("direct", 1.3)] },
  warm_file: { wrenn: [ratioTo("direct", 1.5)] },
  pause_5mb: PAUSE,
  pause_50mb: PAUSE,
  pause_200mb: PAUSE,
  resume_to_healthy: { wrenn: [ratioTo("floor", 1.25)] },
  fork_20: { wrenn: [crowd(20, 1.3)] },
  fork_20_stopped: { wrenn_agent: [atMost(120, "ms")] },
  burst_20: { wrenn: [crowd(20, 1.3)] },
  sdk_exec: { wrenn: [ratioTo("direct", 1.4)] },
  sdk_file: { wrenn: [ratioTo("direct", 1.4)] },
  api_read: { wrenn: [rateOf("direct", 0.65)] },
  api_read_team: { wrenn: [rateOf("direct", 0.65)] },
  api_read_audit: { wrenn: [rateOf("direct", 0.65)] },
  // Either way round: within 20 %, or the time tells who has an account.
  login_timing: {
    known_email: [ratioTo("unknown_email", 1.2)],
    unknown_email: [ratioTo("known_email", 1.2)],
  },
  live_update: { wrenn: [p95AtMost(1_000, "ms")] },
  memory_idle: { wrenn: [ratioTo("floor", 1.1)] },
  memory_after_first_command: { wrenn: [ratioTo("floor", 1.1)] },
  create_100th: { wrenn: [ratioTo("floor", 1.25)] },
  services_per_sandbox: { wrenn: [atMost(2, "MB")] },
  idle_cpu_agent: { wrenn_agent: [atMost(5, "%")] },
};

export const verdictsOf = (row: Row, measured: Measured): Verdict[] =>
  (TARGETS[row.case]?.[row.subject] ?? []).map((target) => target(row, measured));
