/**
 * Work that must be done before the next request is looked at, but not before this one is answered: the rest
 * of /init, whose disk writes and mount would otherwise stand between a restore and its first command, code
 * that software emulation has to translate anew each time.
 */

/**
 * Without a request it waits this long: of twenty copies made at once the first would else do it at the cost of the
 * last, 60 ms of a processor each.
 */
const REST_MS = 5_000;

export class Afterwork {
  readonly #work: (() => void)[] = [];
  #timer: Timer | undefined;
  #failure: unknown = null;

  constructor(private readonly restMs = REST_MS) {}

  /** After what is still to be done. What failed before is left behind: a new /init starts from the beginning. */
  defer(work: () => void): void {
    this.#failure = null;
    this.#work.push(work);
    // From the first on: inits that come again and again put nothing off for ever, nor pile up.
    this.#timer ??= setTimeout(() => {
      try {
        this.settle();
      } catch {
        // Kept: every request until the next /init is refused with it.
      }
    }, this.restMs);
  }

  /** Does what is still to be done. Throws what failed, each time. */
  settle(): void {
    // Saved memory would take it into every copy, where it is due at once.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const work of this.#work.splice(0)) {
      try {
        work();
      } catch (error) {
        this.#failure = error;
        console.error("init failed after its answer:", error);
      }
    }
    if (this.#failure !== null) throw this.#failure;
  }
}
