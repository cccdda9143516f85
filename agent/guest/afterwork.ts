/**
 * Work that must be done before the next request is looked at, but not before this one is answered: the rest
 * of /init, whose disk writes and mount would otherwise stand between a restore and its first command, code
 * that software emulation has to translate anew each time.
 */

export class Afterwork {
  #work: (() => void) | null = null;
  #failure: unknown = null;

  /** Replaces what failed before: a new /init starts from the beginning. */
  defer(work: () => void): void {
    this.#failure = null;
    this.#work = work;
    setImmediate(() => {
      try {
        this.settle();
      } catch {
        // Kept: every request until the next /init is refused with it.
      }
    });
  }

  /** Does what is still to be done. Throws what failed, each time. */
  settle(): void {
    const work = this.#work;
    this.#work = null;
    if (work !== null) {
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
