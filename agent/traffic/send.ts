/** One request, asked of a port inside a sandbox. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { probe, redialing } from "./dial.ts";
import { toGuestHeaders } from "./headers.ts";
import type { TrafficTarget } from "./target.ts";

/** Bodies up to this size are read whole, so that they can be sent again after a refused connection. */
const REPEATABLE_BYTES = 64 * 1024;

interface Body {
  content: ReadableStream<Uint8Array> | ArrayBuffer | null;
  /** It can be sent twice. */
  repeatable: boolean;
}

const readBody = async (request: Request): Promise<Body> => {
  if (request.body === null) return { content: null, repeatable: true };
  const length = request.headers.get("content-length");
  if (length === null || Number(length) > REPEATABLE_BYTES)
    return { content: request.body, repeatable: false };
  return { content: await request.arrayBuffer(), repeatable: true };
};

/** Its answer, from the first byte on. Rejects as `fetch` does. */
export const send = async (
  request: Request,
  sandbox: Sandbox,
  address: string,
  { port, pathAndQuery }: TrafficTarget,
  signal: AbortSignal,
): Promise<Response> => {
  const { content, repeatable } = await readBody(request);
  const headers = toGuestHeaders(request.headers);
  // Bun would offer encodings that the client did not ask for.
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  const attempt = () =>
    fetch(`http://${address}:${port}${pathAndQuery}`, {
      method: request.method,
      headers,
      body: content,
      signal,
      redirect: "manual",
      decompress: false,
      // A stream may be quiet for as long as its two ends like.
      timeout: false,
      // An emulated guest pays dearly for each new connection. Programs inside end kept ones when they like.
      // Bun keeps 64 idle ones, of all guests, for five minutes; whoever comes on top has a new one.
      keepalive: port === GUEST_PORT,
    });
  if (repeatable) return redialing(sandbox, port, attempt, signal);
  if (port !== GUEST_PORT) await redialing(sandbox, port, () => probe(address, port, signal), signal);
  return attempt();
};
