/**
 * Ports bound to 127.0.0.1 only, as development servers do, made reachable from the host: a relay on the
 * machine's own address passes bytes on. It is made when the host asks for such a port, and goes when
 * nothing listens behind it any more, so that a server started anew may take any address.
 */
import { connect, createServer, type Server, type Socket } from "node:net";

const LOOPBACK = "127.0.0.1";
const CONNECT_MS = 2_000;
/** How soon after its server a relay goes. */
const WATCH_MS = 1_000;
/** Ports are few in practice; a program that opens thousands gets no more. */
const MAX_RELAYS = 256;

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: LOOPBACK, port, timeout: CONNECT_MS });
    const end = (isThere: boolean) => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
    socket.once("timeout", () => end(false));
  });

/** Both directions with back-pressure; half-closed stays half-closed, broken breaks both. */
const relay = (outer: Socket, port: number): void => {
  const inner = connect({ host: LOOPBACK, port, allowHalfOpen: true });
  outer.pipe(inner);
  inner.pipe(outer);
  outer.once("error", () => inner.destroy());
  inner.once("error", () => outer.destroy());
  outer.once("close", () => inner.destroy());
  inner.once("close", () => outer.destroy());
};

export class LoopbackRelays {
  readonly #servers = new Map<number, Server>();
  #watch: ReturnType<typeof setInterval> | null = null;

  /**
   * @param address the machine's own, on which relays listen
   * @param listening ports something listens on, any address
   */
  constructor(
    readonly address: string,
    readonly listening: () => number[],
  ) {}

  /** True when the port can now be reached from outside; false when nothing accepts on loopback. */
  async expose(port: number): Promise<boolean> {
    if (this.#servers.has(port)) return true;
    if (this.#servers.size >= MAX_RELAYS || !(await accepts(port))) return false;
    const server = createServer({ allowHalfOpen: true }, (socket) => relay(socket, port));
    const isOpen = await new Promise<boolean>((resolve) => {
      server.once("error", () => resolve(false));
      server.listen({ host: this.address, port }, () => resolve(true));
    });
    // Something else has taken the address meanwhile: then it answers by itself.
    if (!isOpen) return true;
    this.#servers.set(port, server);
    this.#watch ??= setInterval(() => this.#sweep(), WATCH_MS);
    return true;
  }

  /** The relay itself listens on the port too, so two listeners mean that the server is still there. */
  #sweep(): void {
    const counts = new Map<number, number>();
    for (const port of this.listening()) counts.set(port, (counts.get(port) ?? 0) + 1);
    for (const [port, server] of this.#servers) {
      if ((counts.get(port) ?? 0) > 1) continue;
      server.close();
      this.#servers.delete(port);
    }
    if (this.#servers.size > 0 || this.#watch === null) return;
    clearInterval(this.#watch);
    this.#watch = null;
  }
}
