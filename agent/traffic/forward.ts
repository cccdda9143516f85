/** One HTTP request into a sandbox, streamed both ways, its bytes untouched. */
import { GUEST_PORT } from "../../proto/guest-port.ts";
import type { Expiry } from "../sandboxes/expiry.ts";
import type { Sandbox } from "../sandboxes/sandbox.ts";
import { openStream } from "../sandboxes/streams.ts";
import { isRefused, probe, redialing } from "./dial.ts";
import { fromGuestHeaders, toGuestHeaders } from "./headers.ts";
import { connectionLost, portClosed, sandboxNotFound } from "./refusals.ts";
import type { TrafficTarget } from "./target.ts";

/** Bodies up to this size are read whole, so that they can be sent again after a refused connection. */
const REPEATABLE_BYTES = 64 * 1024;

/** Answers of the guest agent that say they are as long as this or shorter are read whole: a stream costs more. */
const WHOLE_BYTES = 64 * 1024;

/** Ends both sides of a stream abruptly. Bun prints what breaks a response: a plain sentence is enough. */
const RESET_REASON = "a stream was reset: its sandbox was paused or ended";

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

const send = async (
  request: Request,
  sandbox: Sandbox,
  address: string,
  target: TrafficTarget,
  signal: AbortSignal,
): Promise<Response> => {
  const { content, repeatable } = await readBody(request);
  const headers = toGuestHeaders(request.headers);
  // Bun would offer encodings that the client did not ask for.
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  const attempt = () =>
    fetch(`http://${address}:${target.port}${target.pathAndQuery}`, {
      method: request.method,
      headers,
      body: content,
      signal,
      redirect: "manual",
      decompress: false,
      // A stream may be quiet for as long as its two ends like.
      timeout: false,
      // An emulated guest pays dearly for each new connection. Programs inside end kept ones when they like.
      keepalive: target.port === GUEST_PORT,
    });
  if (repeatable) return redialing(sandbox, target.port, attempt, signal);
  if (target.port !== GUEST_PORT) {
    await redialing(sandbox, target.port, () => probe(address, target.port, signal), signal);
  }
  return attempt();
};

/**
 * What has passed is garbage that the engine is slow to notice. While a file of 100 MB was read, an agent grew by 20 to
 * 62 MB, to as much as 121 above its start over several; told every 16 MB, by 19 to 26, to 48 above its start.
 */
const COLLECT_BYTES = 16 * 2 ** 20;
let passedBytes = 0;

const notePassed = (bytes: number): void => {
  passedBytes += bytes;
  if (passedBytes < COLLECT_BYTES) return;
  passedBytes = 0;
  // Beside other work, not in its stead.
  Bun.gc(false);
};

/** Calls `onEnd` once when the body has been read, fails or is given up. */
const observeEnd = (
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  onEnd: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          onEnd();
          controller.close();
          return;
        }
        notePassed(value.byteLength);
        controller.enqueue(value);
      } catch (error) {
        onEnd();
        controller.error(error);
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  });
};

const isShort = ({ headers }: Response): boolean =>
  Number(headers.get("content-length") ?? Number.POSITIVE_INFINITY) <= WHOLE_BYTES;

/** Answers 502 where the sandbox or its port is not there; afterwards the guest's answer, as it comes. */
export const forwardRequest = async (
  request: Request,
  sandbox: Sandbox,
  target: TrafficTarget,
  expiry: Expiry,
): Promise<Response> => {
  const { live } = sandbox;
  if (live === null || !sandbox.accepting) return sandboxNotFound(target.sandboxId);
  const reset = new AbortController();
  const signal = AbortSignal.any([request.signal, reset.signal]);
  const onEnd = openStream(sandbox, expiry, { abort: () => reset.abort(RESET_REASON) });
  try {
    const response = await send(request, sandbox, live.slot.address, target, signal);
    const headers = fromGuestHeaders(response.headers);
    const { status, statusText, body } = response;
    if (body === null || (target.port === GUEST_PORT && isShort(response))) {
      const whole = body && (await response.arrayBuffer());
      onEnd();
      return new Response(whole, { status, statusText, headers });
    }
    return new Response(observeEnd(body, onEnd), { status, statusText, headers });
  } catch (error) {
    onEnd();
    if (isRefused(error)) return portClosed(target.sandboxId, target.port);
    if (reset.signal.aborted) return sandboxNotFound(target.sandboxId);
    return connectionLost(target.sandboxId, target.port);
  }
};
