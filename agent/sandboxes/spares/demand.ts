/** How many spares are worth keeping, told by the creates of the last minutes. Pure but for what it counts. */

/** As many spares as creates in this time. */
const RECENT_MS = 60_000;
/** The last spare of a kind goes when nobody asked for it this long. */
const FORGET_MS = 10 * 60_000;
/** Kinds remembered at once; beyond, the one that was asked for longest ago is forgotten. */
const MAX_KINDS = 64;

export class Demand {
  /** Times of the creates (ms), oldest first, by kind; kinds asked for last come last. */
  readonly #asked = new Map<string, number[]>();

  constructor(
    /** Spares of one kind. */
    private readonly most: number,
    private readonly now: () => number = Date.now,
  ) {}

  note(kind: string): void {
    const times = this.#asked.get(kind) ?? [];
    times.push(this.now());
    // More than can be kept need not be counted.
    if (times.length > this.most) times.shift();
    this.#asked.delete(kind);
    this.#asked.set(kind, times);
    if (this.#asked.size <= MAX_KINDS) return;
    const [oldest] = this.#asked.keys();
    if (oldest !== undefined) this.#asked.delete(oldest);
  }

  wanted(kind: string): number {
    const times = this.#asked.get(kind) ?? [];
    const now = this.now();
    const last = times.at(-1);
    if (last === undefined || now - last > FORGET_MS) return 0;
    return Math.max(1, times.filter((time) => now - time <= RECENT_MS).length);
  }

  /** Those asked for last come first. */
  kinds(): string[] {
    return [...this.#asked.keys()].toReversed();
  }

  forget(kind: string): void {
    this.#asked.delete(kind);
  }
}
