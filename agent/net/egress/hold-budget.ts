/** Bounds what the connections of one sandbox hold in the agent's memory together. */

/** Some sixty stalled transfers; a guest that stalls more of them loses those. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

export class HoldBudget {
  #held = 0;

  constructor(readonly maxBytes: number = MAX_HELD_BYTES) {}

  /** Counts in any case. False: this is too much, and must be given back at once. */
  take(bytes: number): boolean {
    this.#held += bytes;
    return this.#held <= this.maxBytes;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}
