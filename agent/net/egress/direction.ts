/**
 * One way through a relay. What the target does not take at once is held, and the source is not read
 * meanwhile: at most one read is in memory.
 */
import type { HoldBudget } from "./hold-budget.ts";
import type { TcpSocket } from "./sockets.ts";

/** What of the bytes from one side is passed on, from the first byte on. Null: the connection ends here. */
export type Filter = (bytes: Buffer) => Buffer | null;

const NOTHING = Buffer.alloc(0);

export class Direction {
  #held: Buffer = NOTHING;
  /** The source sends nothing more. */
  sourceEnded = false;
  /** The end was passed on: everything before it is with the kernel. */
  done = false;
  /** What still comes is dropped: nobody is there to take it. */
  deaf = false;

  constructor(
    readonly source: TcpSocket,
    readonly target: TcpSocket,
    readonly filter: Filter,
    readonly budget: HoldBudget,
  ) {}

  /** Bytes that stand before all others and are nobody's to judge. */
  open(bytes: Buffer): boolean {
    return this.#write(bytes);
  }

  /** False: the connection must break off. */
  receive(bytes: Buffer): boolean {
    if (this.deaf) return true;
    const passed = this.filter(bytes);
    if (passed === null) return false;
    return this.#write(this.#held.length === 0 ? passed : Buffer.concat([this.#held, passed]));
  }

  /** The target takes bytes again. */
  flush(): boolean {
    return this.#held.length === 0 || this.#write(this.#held);
  }

  end(): void {
    this.sourceEnded = true;
    this.#passEnd();
  }

  /** The target is gone. */
  drop(): void {
    this.deaf = true;
    this.#hold(NOTHING);
    this.done = true;
    this.source.resume();
  }

  #write(bytes: Buffer): boolean {
    const written = bytes.length === 0 ? 0 : Math.max(this.target.write(bytes), 0);
    // The socket's buffer is used again for the next read.
    if (!this.#hold(written < bytes.length ? Buffer.from(bytes.subarray(written)) : NOTHING)) return false;
    this.#passEnd();
    return true;
  }

  #hold(bytes: Buffer): boolean {
    const wasHolding = this.#held.length > 0;
    this.budget.give(this.#held.length);
    this.#held = bytes;
    if (bytes.length > 0 && !wasHolding) this.source.pause();
    if (bytes.length === 0 && wasHolding) this.source.resume();
    return this.budget.take(bytes.length);
  }

  #passEnd(): void {
    if (!this.sourceEnded || this.done || this.#held.length > 0) return;
    this.done = true;
    this.target.shutdown();
  }
}
