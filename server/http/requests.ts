/** What is known of a request before any route has seen it: its id, when it came, and from where. */
import type { Server } from "bun";

export interface RequestInfo {
  /** Sent back as X-Request-Id and written with every log line. */
  id: string;
  startedMs: number;
}

/** A client's own id is taken over when it is plain. */
const PLAIN_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Remembers per request; entries go with their requests. */
export class Requests {
  readonly #known = new WeakMap<Request, RequestInfo>();

  /** The info of `request`, made at the first call. */
  info(request: Request): RequestInfo {
    const known = this.#known.get(request);
    if (known !== undefined) return known;
    const given = request.headers.get("x-request-id");
    const id = given !== null && PLAIN_ID.test(given) ? given : crypto.randomUUID();
    const made = { id, startedMs: performance.now() };
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
  const peer = server?.requestIP(request)?.address ?? null;
  if (peer === null || !trustedProxies.includes(peer)) return peer;
  const chain = (request.headers.get("x-forwarded-for") ?? "")
    .split(",")
    .flatMap((part) => part.trim() || []);
  return chain.findLast((address) => !trustedProxies.includes(address)) ?? peer;
};
