/** How many spares of which kind are worth keeping, told by the creates of the last minutes. */

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
    /** Spares at once, of all kinds together. */
    private readonly most: number,
    /** Monotonic (ms): a host's wall clock may be set. */
    private readonly now: () => number = () => performance.now(),
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

  /**
   * What to keep of each kind, none where nothing is wanted. When all that is wanted is too much, each kind
   * gets one before any gets two, those asked for last first.
   * @param kept kinds of which one is always wanted
   */
  targets(kept: ReadonlySet<string>): Map<string, number> {
    const kinds = [...new Set([...[...this.#asked.keys()].toReversed(), ...kept])];
    const wanted = kinds.map((kind) => Math.max(this.#wanted(kind), kept.has(kind) ? 1 : 0));
    const targets = new Map<string, number>();
    let left = this.most;
    for (let round = 1; round <= this.most; round++) {
      for (const [index, kind] of kinds.entries()) {
        if (left < 1 || (wanted[index] ?? 0) < round) continue;
        targets.set(kind, round);
        left -= 1;
      }
    }
    return targets;
  }

  #wanted(kind: string): number {
    const times = this.#asked.get(kind) ?? [];
    const now = this.now();
    const last = times.at(-1);
    if (last === undefined || now - last > FORGET_MS) return 0;
    return Math.max(1, times.filter((time) => now - time <= RECENT_MS).length);
  }

  /** Asked for, and not forgotten since. */
  knows(kind: string): boolean {
    return this.#wanted(kind) > 0;
  }

  forget(kind: string): void {
    this.#asked.delete(kind);
  }
}
