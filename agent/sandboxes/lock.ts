/** One operation at a time on one thing, in order of arrival; the line is bounded. */
import { AgentError } from "../errors.ts";

export class Lock {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  /** Of the operation under way. */
  #wanted = new AbortController();

  /** @param maxWaiting more callers than this are refused with `busy` */
  constructor(
    readonly name: string,
    readonly maxWaiting = 32,
  ) {}

  /**
   * `operation` is given a signal that is aborted when another one waits: what can be put off
   * gives way.
   *
   * @param mustRun waits however long the line is: for the few things that nobody would ask for again
   */
  async run<T>(operation: (wanted: AbortSignal) => Promise<T>, mustRun = false): Promise<T> {
    if (!mustRun && this.#waiting >= this.maxWaiting) {
      throw new AgentError("busy", `${this.name} has ${this.#waiting} operations waiting; try again later`);
    }
    this.#waiting += 1;
    this.#wanted.abort();
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise;
    await before;
    this.#waiting -= 1;
    const wanted = new AbortController();
    this.#wanted = wanted;
    if (this.#waiting > 0) wanted.abort();
    try {
      return await operation(wanted.signal);
    } finally {
      resolve();
    }
  }
}
