/** Long file work in short turns, so that a huge tree does not hold up every other request. */

const SLICE_MS = 8;

/** Lets other work run when this turn has lasted long enough; rejects when the caller has left. */
export class Turns {
  #startedAtMs = performance.now();

  constructor(private readonly signal: AbortSignal) {}

  get isOver(): boolean {
    return performance.now() - this.#startedAtMs >= SLICE_MS;
  }

  async next(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.signal.throwIfAborted();
    this.#startedAtMs = performance.now();
  }
}
