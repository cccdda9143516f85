/** How many streams one server keeps open: each costs memory and a share of every change. */
import { ApiError, unavailable } from "../errors.ts";

/**
 * Of one person: a dozen tabs that do not share one (browsers without locks, programs), and what a reconnect leaves
 * behind until it is noticed.
 */
const MAX_PER_USER = 20;
const MAX_STREAMS = 5_000;

export class StreamLimits {
  readonly #open = new Map<string, number>();
  #total = 0;

  /**
   * Counts one more of the person's; the answer gives it back, once.
   * @throws ApiError 429 `too_many_streams`, 503 `busy`.
   */
  take(userId: string): () => void {
    const open = this.#open.get(userId) ?? 0;
    if (open >= MAX_PER_USER) {
      const message = `You have ${open} streams of events open on this server; close one first.`;
      throw new ApiError(429, "too_many_streams", message, { headers: { "retry-after": "5" } });
    }
    if (this.#total >= MAX_STREAMS) {
      throw unavailable("busy", "This server has too many streams of events open. Try again in a moment.");
    }
    this.#open.set(userId, open + 1);
    this.#total += 1;
    let isTaken = true;
    return () => {
      if (isTaken) this.#giveBack(userId);
      isTaken = false;
    };
  }

  get total(): number {
    return this.#total;
  }

  #giveBack(userId: string): void {
    const left = (this.#open.get(userId) ?? 1) - 1;
    if (left === 0) this.#open.delete(userId);
    else this.#open.set(userId, left);
    this.#total -= 1;
  }
}
