/** One connection of a guest: asked where it goes, judged, connected there by name, and passed through. */
import { dial, type Dialler } from "./dial.ts";
import type { DomainResolver } from "./domain-resolver.ts";
import type { HoldBudget } from "./hold-budget.ts";
import type { Destination, Protocol } from "./protocols.ts";
import { readDestination } from "./read-destination.ts";
import { Relay } from "./relay.ts";
import { idleSink, type TcpSocket } from "./sockets.ts";

/** How long a guest may take to read why it was refused. */
const REFUSED_MS = 5_000;

const BAD_REQUEST = "400 Bad Request";
const NOT_ALLOWED = "403 Forbidden";
const NO_ANSWER = "502 Bad Gateway";

export interface ConnectionOptions {
  protocol: Protocol;
  dialler: Dialler;
  resolver: DomainResolver;
  budget: HoldBudget;
  /** By the policy of this moment. */
  isAllowed: (name: string) => boolean;
}

export class GuestConnection {
  readonly #guest: TcpSocket;
  readonly #options: ConnectionOptions;
  readonly #ending = new AbortController();
  /** Where it goes, once that is settled. */
  destination: { name: string; address: string } | null = null;
  /** Resolves when nothing is left of it, attempts to connect included. Never rejects. */
  readonly gone: Promise<void>;

  constructor(guest: TcpSocket, options: ConnectionOptions) {
    this.#guest = guest;
    this.#options = options;
    this.#ending.signal.addEventListener("abort", () => guest.terminate(), { once: true });
    this.gone = this.#serve()
      .catch(() => undefined)
      .then(() => void guest.end());
  }

  /** Resets it, wherever it is. */
  end(): void {
    this.#ending.abort();
  }

  async #serve(): Promise<void> {
    const read = await readDestination(this.#guest, this.#options.protocol);
    if (read === null) return;
    this.#guest.data.sink = idleSink(() => this.end());
    if (read.result.kind === "refused") await this.#refuse(BAD_REQUEST, read.result.reason);
    else await this.#connect(read.result, read.bytes);
  }

  async #connect(destination: Destination, bytes: Buffer): Promise<void> {
    const { protocol, dialler, resolver, budget, isAllowed } = this.#options;
    const { name } = destination;
    if (!isAllowed(name)) {
      await this.#refuse(NOT_ALLOWED, `${name} is not among the domains that this sandbox may reach`);
      return;
    }
    // What came with the head waits for the server.
    if (!budget.take(bytes.length)) {
      budget.give(bytes.length);
      return;
    }
    const { addresses } = await resolver.resolve(name);
    const { socket, settled } = dial(dialler, addresses, protocol.port, this.#ending.signal);
    const server = await socket;
    budget.give(bytes.length);
    if (server === null) await this.#refuse(NO_ANSWER, `${name} does not answer, or is not on the internet`);
    // The policy may be another by now.
    else if (this.#ending.signal.aborted || !isAllowed(name)) server.terminate();
    else await this.#relay(destination, bytes, server);
    await settled;
  }

  async #relay(destination: Destination, bytes: Buffer, server: TcpSocket): Promise<void> {
    this.destination = { name: destination.name, address: server.remoteAddress };
    const { fromGuest, fromServer, serverEndsAll, opening } = destination;
    const { budget } = this.#options;
    const relay = new Relay({ guest: this.#guest, server, fromGuest, fromServer, serverEndsAll, budget });
    const breakOff = () => relay.breakOff();
    this.#ending.signal.addEventListener("abort", breakOff, { once: true });
    relay.begin(opening.bytes, bytes.subarray(opening.standsFor));
    await relay.closed;
  }

  async #refuse(status: string, reason: string): Promise<void> {
    const guest = this.#guest;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    guest.data.sink = { ...idleSink(resolve), onEnd: resolve };
    const timer = setTimeout(resolve, REFUSED_MS);
    guest.resume();
    guest.write(this.#options.protocol.refusal(status, reason));
    guest.shutdown();
    await closed;
    clearTimeout(timer);
  }
}
