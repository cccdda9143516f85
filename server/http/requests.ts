/** What is known of a request before any route has seen it: its id, when it came, and from where. */
import type { Server } from "bun";

export interface RequestInfo {
  /** Sent back as X-Request-Id and written with every log line. */
  id: string;
  startedMs: number;
  /** Address of the client, when the request came over a socket. */
  client: string | null;
}

/** A client's own id is taken over when it is plain. */
const PLAIN_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Remembers per request; entries go with their requests. */
export class Requests {
  readonly #known = new WeakMap<Request, RequestInfo>();

  constructor(private readonly trustedProxies: readonly string[] = []) {}

  /** The info of `request`, made at the first call; only that one needs the `server`. */
  info(request: Request, server: Server<unknown> | null = null): RequestInfo {
    const known = this.#known.get(request);
    if (known !== undefined) return known;
    const given = request.headers.get("x-request-id");
    const id = given !== null && PLAIN_ID.test(given) ? given : crypto.randomUUID();
    const client = clientAddress({ request, server, trustedProxies: this.trustedProxies });
    const made = { id, startedMs: performance.now(), client };
    this.#known.set(request, made);
    return made;
  }
}

/**
 * Address of the client. A trusted proxy's X-Forwarded-For counts: the last address in it that is not
 * itself a trusted proxy. Null when the request did not come over a socket.
 */
export const clientAddress = (options: {
  request: Request;
  server: Server<unknown> | null;
  trustedProxies: readonly string[];
}): string | null => {
  const { request, server, trustedProxies } = options;
  // A socket that takes both families writes IPv4 addresses in IPv6.
  const peer = server?.requestIP(request)?.address.replace(/^::ffff:(?=\d+\.)/, "") ?? null;
  if (peer === null || !trustedProxies.includes(peer)) return peer;
  const chain = (request.headers.get("x-forwarded-for") ?? "")
    .split(",")
    .flatMap((part) => part.trim() || []);
  return chain.findLast((address) => !trustedProxies.includes(address)) ?? peer;
};
