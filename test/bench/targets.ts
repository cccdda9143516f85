/** What the medians are held against, on a machine without KVM and with two cores. Shown, never enforced. */
import type { CaseName, SubjectName } from "./cases.ts";
import type { Row } from "./results.ts";

export interface Target {
  /** Null: the value itself, in the case's unit; else the ratio of medians to that subject. */
  reference: SubjectName | null;
  isMet(value: number): boolean;
  text: string;
}

type TargetOf = (row: Row) => Target;

const ratioTo =
  (reference: SubjectName, atMost: number): TargetOf =>
  () => ({ reference, isMet: (value) => value <= atMost, text: `<= ${atMost} x ${reference}` });

/** For rates: more is better. */
const rateOf =
  (reference: SubjectName, atLeast: number): TargetOf =>
  () => ({ reference, isMet: (value) => value >= atLeast, text: `>= ${atLeast} x ${reference}` });

const absolute = (atMost: number, unit: string): Target => ({
  reference: null,
  isMet: (value) => value <= atMost,
  text: `<= ${atMost.toFixed(0)} ${unit}`,
});

/** 40 ms and 2 ms more for each MB saved, fsync included. */
const pauseOf: TargetOf = ({ dirtyMb }) => absolute(40 + 2 * (dirtyMb ?? 0), "ms");

const TARGETS: Partial<Record<CaseName, Partial<Record<SubjectName, TargetOf>>>> = {
  create_to_healthy: { wrenn: ratioTo("floor", 1.6) },
  resume_to_healthy: { wrenn: ratioTo("floor", 1.6) },
  warm_exec: { wrenn: ratioTo("direct", 1.5) },
  warm_file: { wrenn: ratioTo("direct", 1.5) },
  // Either way round: within 20 %, or the time tells who has an account.
  login_timing: { known_email: ratioTo("unknown_email", 1.2), unknown_email: ratioTo("known_email", 1.2) },
  api_read: { wrenn: rateOf("direct", 0.65) },
  api_read_team: { wrenn: rateOf("direct", 0.65) },
  api_read_audit: { wrenn: rateOf("direct", 0.65) },
  pause_5mb: { wrenn_agent: pauseOf },
  pause_50mb: { wrenn_agent: pauseOf },
  pause_200mb: { wrenn_agent: pauseOf },
  sdk_exec: { wrenn: ratioTo("direct", 1.4) },
  sdk_file: { wrenn: ratioTo("direct", 1.4) },
  memory_after_first_command: { wrenn: () => absolute(85, "MB") },
};

export const targetOf = (row: Row): Target | null => TARGETS[row.case]?.[row.subject]?.(row) ?? null;
