/**
 * Passes bytes both ways between a guest and a server. What one side does not take at once is held, and the
 * other is not read meanwhile: at most one read per direction is in memory.
 */
import type { HoldBudget } from "./hold-budget.ts";
import type { Sink, TcpSocket } from "./sockets.ts";

/** Dead peers are noticed within minutes; quiet ones may stay. */
const KEEPALIVE_MS = 60_000;
/** How long a guest may take to close when nothing it sends has anywhere to go. */
const LINGER_MS = 10_000;

/** What of the bytes from one side is passed on, from the first byte on. Null: the connection ends here. */
export type Filter = (bytes: Buffer) => Buffer | null;

export interface RelayOptions {
  guest: TcpSocket;
  server: TcpSocket;
  fromGuest: Filter;
  fromServer: Filter;
  /** When the server ends its side, the guest has nothing to send any more. */
  serverEndsAll: boolean;
  budget: HoldBudget;
}

const NOTHING = Buffer.alloc(0);

/** One way through. */
class Direction {
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

/** Takes both sockets over, until both are closed. */
export class Relay {
  readonly #options: RelayOptions;
  readonly #up: Direction;
  readonly #down: Direction;
  #broken = false;
  #socketsOpen = 2;
  readonly #closed = Promise.withResolvers<void>();
  #linger: NodeJS.Timeout | undefined;

  constructor(options: RelayOptions) {
    const { guest, server, fromGuest, fromServer, budget } = options;
    this.#options = options;
    this.#up = new Direction(guest, server, fromGuest, budget);
    this.#down = new Direction(server, guest, fromServer, budget);
    for (const socket of [guest, server]) socket.setKeepAlive(true, KEEPALIVE_MS);
    guest.data.sink = this.#sink(this.#up, this.#down);
    server.data.sink = this.#sink(this.#down, this.#up);
  }

  /**
   * @param opening what the server is told first
   * @param bytes of the guest that were read before and follow that
   */
  begin(opening: Buffer, bytes: Buffer): void {
    const { guest, server } = this.#options;
    for (const socket of [guest, server]) socket.resume();
    this.#settle(this.#up.open(opening) && this.#up.receive(bytes));
  }

  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Resets both. */
  breakOff(): void {
    if (this.#broken) return;
    this.#broken = true;
    clearTimeout(this.#linger);
    for (const direction of [this.#up, this.#down]) direction.drop();
    for (const socket of [this.#options.guest, this.#options.server]) socket.terminate();
  }

  /** @param out what the socket sends; @param into what it is sent */
  #sink(out: Direction, into: Direction): Sink {
    return {
      onData: (bytes) => this.#settle(out.receive(bytes)),
      onDrain: () => this.#settle(into.flush()),
      onEnd: () => {
        out.end();
        this.#settle(true);
      },
      onClose: (cut) => {
        if (!cut && !out.sourceEnded) out.end();
        this.#socketsOpen -= 1;
        if (this.#socketsOpen === 0) this.#closed.resolve();
        into.drop();
        // Cut off in the middle: so is the other side.
        this.#settle(out.sourceEnded);
      },
    };
  }

  #settle(isSound: boolean): void {
    if (this.#broken) return;
    if (!isSound) {
      this.breakOff();
      return;
    }
    const { guest, server, serverEndsAll } = this.#options;
    if (!this.#down.done || !(this.#up.done || serverEndsAll)) return;
    this.#up.drop();
    server.end();
    if (this.#up.sourceEnded) {
      clearTimeout(this.#linger);
      guest.end();
    } else {
      // Closed while the guest still sends, it would be reset before it has read the end.
      this.#linger ??= setTimeout(() => this.breakOff(), LINGER_MS);
    }
  }
}
