/** How long the steps of an operation took: for its line in the log, and for the figures of all of its kind. */
export class Steps {
  readonly #startedMs = performance.now();
  #lastMs = this.#startedMs;
  readonly #done = new Map<string, number>();

  /** What was done since the one before, or since the start, was this step; a step done twice counts as one. */
  done(step: string): void {
    const nowMs = performance.now();
    this.#done.set(step, (this.#done.get(step) ?? 0) + nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  /** Milliseconds of each step so far, in order, and up to now as `total`. */
  get times(): ReadonlyMap<string, number> {
    return new Map([...this.#done, ["total", performance.now() - this.#startedMs]]);
  }
}

/** `slotMs` for the step `slot`, and so on, to a tenth of a millisecond. */
export const logFieldsOf = (times: ReadonlyMap<string, number>): Record<string, number> =>
  Object.fromEntries([...times].map(([step, ms]) => [`${step}Ms`, Math.round(ms * 10) / 10]));
