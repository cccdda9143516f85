/** Programs of a `NetLab` that serve a web of their own, and clients of it inside a sandbox. */
import { join } from "node:path";

import { ProgramPeer } from "./net-lab.ts";
import type { WebAnswer, WebCommand } from "./web-peer.ts";

const SCRIPT = join(import.meta.dir, "web-peer.ts");
/** Long enough for a loaded machine to answer; what is refused fails at once. */
const TIMEOUT_MS = 3_000;

export interface Exchange {
  until?: string;
  /** Sent after that; what comes back until it is heard again is the answer. */
  next?: string;
  timeoutMs?: number;
}

export class WebPeer extends ProgramPeer {
  /** @param as what it is started through there, such as setpriv */
  constructor(namespace: string, as: string[] = []) {
    super(["nsenter", `--net=/run/netns/${namespace}`, ...as], SCRIPT);
  }

  #tell(command: WebCommand): Promise<WebAnswer> {
    return this.ask(command);
  }

  /** HTTP on port 80 and TLS on port 443: both tell who answers and what they were asked for. */
  async serve(host: string, name: string, certificate: { cert: string; key: string }): Promise<void> {
    await this.#tell({ op: "serve", host, name, ...certificate });
  }

  async serveDns(host: string, names: Record<string, string[]>): Promise<void> {
    await this.#tell({ op: "serve_dns", host, names });
  }

  /** Names its DNS server was asked for. */
  async asked(): Promise<string[]> {
    return ((await this.#tell({ op: "asked" })).reply ?? "").split(" ");
  }

  /** A TLS request to an address that names a server; the first line of the answer's body. */
  async tls(host: string, servername: string, hostHeader = servername): Promise<string | null> {
    const command = { op: "get", host, servername, hostHeader, path: "/", timeoutMs: TIMEOUT_MS } as const;
    return WebPeer.#body(await this.#tell(command));
  }

  async http(host: string, hostHeader: string): Promise<string | null> {
    const command = {
      op: "get",
      host,
      servername: null,
      hostHeader,
      path: "/",
      timeoutMs: TIMEOUT_MS,
    } as const;
    return WebPeer.#body(await this.#tell(command));
  }

  /** Opens a TLS connection that stays, with a request on it. */
  async open(id: string, host: string, servername: string): Promise<string | null> {
    return WebPeer.#body(await this.#tell({ op: "open", id, host, servername, timeoutMs: TIMEOUT_MS }));
  }

  /** Another request on a connection that stayed. Null: it is gone. */
  async again(id: string): Promise<string | null> {
    return WebPeer.#body(await this.#tell({ op: "again", id, timeoutMs: TIMEOUT_MS }));
  }

  exchange(host: string, port: number, pieces: string[], options: Exchange = {}): Promise<WebAnswer> {
    return this.#tell({ op: "exchange", host, port, pieces, timeoutMs: TIMEOUT_MS, ...options });
  }

  /** HTTP requests, each on a connection of its own and some at a time; how many were answered. */
  async rush(host: string, hostHeader: string, count: number): Promise<number> {
    return Number((await this.#tell({ op: "rush", host, hostHeader, count })).reply);
  }

  /** Opens connections that say nothing; how many of them were closed at once. */
  async crowd(host: string, count: number): Promise<number> {
    return Number((await this.#tell({ op: "crowd", host, count, timeoutMs: TIMEOUT_MS })).reply);
  }

  /** Ends the crowd. */
  async disperse(): Promise<void> {
    await this.#tell({ op: "disperse" });
  }

  /** How many of the bytes arrived. */
  async transfer(host: string, servername: string, direction: "up" | "down", bytes: number): Promise<number> {
    return Number((await this.#tell({ op: "transfer", host, servername, direction, bytes })).reply);
  }

  /** `rcode=N` and the addresses; null when no answer came. */
  async query(server: string, name: string, type = 1): Promise<string | null> {
    return (await this.#tell({ op: "query", server, name, type, timeoutMs: TIMEOUT_MS })).reply;
  }

  static #body({ reply }: WebAnswer): string | null {
    return reply === null ? null : (reply.split("\r\n\r\n")[1]?.trim() ?? reply);
  }
}
