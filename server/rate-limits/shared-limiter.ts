/**
 * Counts requests of one class for all servers together. A subject that is over is remembered here until it
 * may pass again, so that a flood costs the database nothing meanwhile.
 */
import { withinDeadline } from "../auth/database-deadline.ts";
import type { Rule } from "./classes.ts";
import { toVerdict, type Verdict } from "./sliding-window.ts";
import type { RateLimitStore } from "./store.ts";

export interface SharedLimiterOptions {
  store: RateLimitStore;
  /** Prefix of the buckets. */
  name: string;
  rule: Rule;
  /** Subjects over their limit that are remembered; a forgotten one costs a statement again. @default {10_000} */
  maxRemembered?: number;
  /** Milliseconds that never go back. @default {performance.now} */
  now?: () => number;
}

export class SharedLimiter {
  readonly #options: Required<SharedLimiterOptions>;
  /** When each may pass again. */
  readonly #over = new Map<string, number>();

  constructor(options: SharedLimiterOptions) {
    this.#options = { maxRemembered: 10_000, now: () => performance.now(), ...options };
  }

  /** Counts a request, if it passes. Throws when the database is away, as the request itself then would. */
  async hit(subject: string): Promise<Verdict> {
    const { store, name, rule, now } = this.#options;
    const waitSec = ((this.#over.get(subject) ?? 0) - now()) / 1000;
    if (waitSec > 0) return { passed: false, rule, remaining: 0, resetSec: Math.ceil(waitSec) };
    const { passed, ...seen } = await withinDeadline(store.hit(`${name}:${subject}`, rule));
    const verdict = toVerdict(seen, rule, passed);
    if (passed) this.#over.delete(subject);
    else this.#remember(subject, now() + verdict.resetSec * 1000);
    return verdict;
  }

  #remember(subject: string, untilMs: number): void {
    this.#over.delete(subject);
    const [oldest] = this.#over.keys();
    if (this.#over.size >= this.#options.maxRemembered && oldest !== undefined) this.#over.delete(oldest);
    this.#over.set(subject, untilMs);
  }
}
