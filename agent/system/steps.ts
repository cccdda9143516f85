/** How long the steps of an operation took, for its line in the log. */
export class Steps {
  /** `slotMs` for the step `slot`, and so on; whole milliseconds, in order. */
  readonly ms: Record<string, number> = {};
  #lastMs = performance.now();

  /** What was done since the one before, or since the start, was this step. */
  done(step: string): void {
    const nowMs = performance.now();
    this.ms[`${step}Ms`] = Math.round(nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }
}
