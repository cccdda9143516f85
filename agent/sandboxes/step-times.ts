/** How long the steps of all operations so far took, as histograms: what the server's metrics show of this host. */

/** Upper ends of the buckets; what took longer is in one more. */
export const STEP_LIMITS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] as const;

/**
 * `fork` is the start of one child, `capture` the copy of a source that forks and snapshots are made of. Those that
 * boot from the disk have names of their own.
 */
export type TimedOperation =
  "create" | "create_from_spare" | "fork" | "fork_cold" | "capture" | "pause" | "resume" | "resume_cold";

export interface StepTime {
  operation: TimedOperation;
  step: string;
  /** Of each bucket alone: one more than there are limits. */
  counts: number[];
  sumMs: number;
}

export class StepTimes {
  readonly #steps = new Map<string, StepTime>();

  /** An operation that succeeded, by step. */
  note(operation: TimedOperation, times: ReadonlyMap<string, number>): void {
    for (const [step, ms] of times) {
      const time = this.#find(operation, step);
      const fitting = STEP_LIMITS_MS.findIndex((limitMs) => ms <= limitMs);
      const bucket = fitting < 0 ? STEP_LIMITS_MS.length : fitting;
      time.counts[bucket] = (time.counts[bucket] ?? 0) + 1;
      time.sumMs += ms;
    }
  }

  list(): StepTime[] {
    return [...this.#steps.values()];
  }

  #find(operation: TimedOperation, step: string): StepTime {
    const key = `${operation} ${step}`;
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const made = { operation, step, counts: Array<number>(STEP_LIMITS_MS.length + 1).fill(0), sumMs: 0 };
    this.#steps.set(key, made);
    return made;
  }
}
