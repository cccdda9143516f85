/**
 * Runs the subjects of a scenario in turn: one repetition of each, then the next round, so that whatever
 * changes on the machine meanwhile (heat, caches, neighbours) meets all of them alike.
 */
import type { CaseName, SubjectName } from "./cases.ts";

export interface Measurement {
  case: CaseName;
  /** Most runners measure for their own subject only. */
  subject: SubjectName;
  /** In the case's unit. */
  value: number;
  /** MB of memory that had to be saved, where that decides the value. */
  dirtyMb?: number;
}

/** One subject's way through a scenario. */
export interface Runner {
  name: string;
  /** One repetition; what it started is gone, or at rest, when it resolves. */
  once(): Promise<Measurement[]>;
  dispose?(): Promise<void>;
}

export interface Rounds {
  warmUps: number;
  runs: number;
  onRound?: (round: number) => void;
}

/** Measurements of every round but the warm-ups. The order turns by one each round: nobody is always first. */
export const runRounds = async (
  runners: readonly Runner[],
  { warmUps, runs, onRound }: Rounds,
): Promise<Measurement[]> => {
  const kept: Measurement[] = [];
  for (let round = -warmUps; round < runs; round++) {
    onRound?.(round);
    const first = Math.abs(round) % Math.max(1, runners.length);
    for (const runner of [...runners.slice(first), ...runners.slice(0, first)]) {
      const measured = await runner.once();
      if (round >= 0) kept.push(...measured);
    }
  }
  return kept;
};
