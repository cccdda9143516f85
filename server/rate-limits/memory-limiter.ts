/**
 * Counts requests of one class in this server's memory: two maps, the window before and the present one, so
 * that a request costs two look-ups and the end of a window frees everything at once.
 *
 * Bound and eviction: a subject that is counted stays counted until its windows are over, whoever else comes.
 * When a window has `maxSubjects`, later strangers share a few hundred counters instead of getting their own:
 * an attacker with many addresses neither grows this nor pushes his own count out of it.
 */
import type { Rule } from "./classes.ts";
import { passes, type Seen, toVerdict, type Verdict } from "./sliding-window.ts";

const SHARED_COUNTERS = 512;

export interface MemoryLimiterOptions {
  /** Subjects with a counter of their own, per window. @default {20_000} */
  maxSubjects?: number;
  /** Milliseconds that never go back. @default {performance.now} */
  now?: () => number;
}

/** By subject; the shared ones by number. */
type Counts = Map<string | number, number>;

export class MemoryLimiter {
  readonly #maxSubjects: number;
  readonly #now: () => number;
  readonly #windowMs: number;
  // Nobody can choose addresses that share a counter with someone.
  readonly #seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  #window = 0;
  #previous: Counts = new Map();
  #current: Counts = new Map();

  constructor(
    private readonly rule: Rule,
    { maxSubjects = 20_000, now = () => performance.now() }: MemoryLimiterOptions = {},
  ) {
    this.#maxSubjects = maxSubjects;
    this.#now = now;
    this.#windowMs = rule.windowSec * 1000;
  }

  /** Counts a request, if it passes. */
  hit(subject: string): Verdict {
    const seen = this.#look(subject);
    if (!passes(seen, this.rule)) return toVerdict(seen, this.rule, false);
    seen.current += 1;
    this.#current.set(this.#keyIn(this.#current, subject), seen.current);
    return toVerdict(seen, this.rule, true);
  }

  /** What `hit` would say, counting nothing. */
  peek(subject: string): Verdict {
    const seen = this.#look(subject);
    return toVerdict(seen, this.rule, passes(seen, this.rule));
  }

  /** Counters held now. */
  get size(): number {
    return this.#previous.size + this.#current.size;
  }

  #look(subject: string): Seen {
    const nowMs = Math.floor(this.#now());
    this.#turn(Math.floor(nowMs / this.#windowMs));
    return {
      previous: this.#countIn(this.#previous, subject),
      current: this.#countIn(this.#current, subject),
      elapsedMs: nowMs % this.#windowMs,
    };
  }

  #turn(window: number): void {
    if (window === this.#window) return;
    this.#previous = window === this.#window + 1 ? this.#current : new Map();
    this.#current = new Map();
    this.#window = window;
  }

  #countIn(counts: Counts, subject: string): number {
    return counts.get(this.#keyIn(counts, subject)) ?? 0;
  }

  #keyIn(counts: Counts, subject: string): string | number {
    if (counts.size < this.#maxSubjects || counts.has(subject)) return subject;
    return Number(Bun.hash.wyhash(subject, BigInt(this.#seed)) % BigInt(SHARED_COUNTERS));
  }
}
