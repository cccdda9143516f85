/** What the medians are held against, on a machine without KVM and with two cores. Shown, never enforced. */
import type { CaseName, SubjectName } from "./cases.ts";

export interface Target {
  /** Null: the value itself, in the case's unit; else the ratio of medians to that subject. */
  reference: SubjectName | null;
  atMost: number;
  text: string;
}

const timesFloor = (atMost: number): Target => ({
  reference: "floor",
  atMost,
  text: `<= ${atMost} x floor`,
});

/** 40 ms and 2 ms more for each dirty MB, fsync included. */
const pauseWithin = (dirtyMb: number): Target => {
  const atMost = 40 + 2 * dirtyMb;
  return { reference: null, atMost, text: `<= ${atMost} ms` };
};

const TARGETS: Partial<Record<CaseName, Partial<Record<SubjectName, Target>>>> = {
  create_to_healthy: { wrenn: timesFloor(1.6) },
  resume_to_healthy: { wrenn: timesFloor(1.6) },
  warm_exec: { wrenn: { reference: "direct", atMost: 1.5, text: "<= 1.5 x direct" } },
  pause_5mb: { wrenn_agent: pauseWithin(5) },
  pause_50mb: { wrenn_agent: pauseWithin(50) },
  pause_200mb: { wrenn_agent: pauseWithin(200) },
  memory_after_first_command: { wrenn: { reference: null, atMost: 85, text: "<= 85 MB" } },
};

export const targetOf = (name: CaseName, subject: SubjectName): Target | null =>
  TARGETS[name]?.[subject] ?? null;
