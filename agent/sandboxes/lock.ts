/** One operation at a time on one thing, in order of arrival; the line is bounded. */
import { AgentError } from "../errors.ts";

export class Lock {
  #tail: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param maxWaiting more callers than this are refused with `busy` */
  constructor(
    readonly name: string,
    readonly maxWaiting = 32,
  ) {}

  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.maxWaiting) {
      throw new AgentError("busy", `${this.name} has ${this.#waiting} operations waiting; try again later`);
    }
    this.#waiting += 1;
    const before = this.#tail;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#tail = promise;
    await before;
    this.#waiting -= 1;
    try {
      return await operation();
    } finally {
      resolve();
    }
  }
}
