/** Passes bytes both ways between a guest and a server, and each side's end to the other. */
import { Direction, type Filter } from "./direction.ts";
import type { HoldBudget } from "./hold-budget.ts";
import type { Sink, TcpSocket } from "./sockets.ts";

/** Dead peers are noticed within minutes; quiet ones may stay. */
const KEEPALIVE_MS = 60_000;
/** How long a guest may take to close when nothing it sends has anywhere to go. */
const LINGER_MS = 10_000;

export interface RelayOptions {
  guest: TcpSocket;
  server: TcpSocket;
  fromGuest: Filter;
  fromServer: Filter;
  /** When the server ends its side, the guest has nothing to send any more. */
  serverEndsAll: boolean;
  budget: HoldBudget;
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
