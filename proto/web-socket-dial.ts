/** Opens a WebSocket for a forwarder: one deadline, one way to give up. */

const OPEN_MS = 30_000;

/** The tree also has the browser's types, whose WebSocket knows neither headers nor `terminate`. */
const ForwardedWebSocket = WebSocket as unknown as new (
  url: string,
  options: Bun.WebSocketOptions,
) => Bun.WebSocket;

export type WebSocketTls = NonNullable<Bun.WebSocketOptions["tls"]>;

/** Rejects when it does not open within 30 s, and at once when `signal` aborts. Binary messages are Buffers. */
export const dialWebSocket = (
  url: string,
  options: {
    headers: Record<string, string>;
    protocols: string[];
    signal: AbortSignal;
    tls?: WebSocketTls;
  },
): Promise<Bun.WebSocket> => {
  const { headers, protocols, signal, tls } = options;
  const socket = new ForwardedWebSocket(url, {
    headers,
    protocols,
    perMessageDeflate: false,
    ...(tls !== undefined && { tls }),
  });
  socket.binaryType = "nodebuffer";
  const { promise, resolve, reject } = Promise.withResolvers<Bun.WebSocket>();
  const giveUp = (reason: Error) => {
    reject(reason);
    socket.terminate();
  };
  const timer = setTimeout(() => giveUp(new Error(`no WebSocket within ${OPEN_MS} ms`)), OPEN_MS);
  const onAbort = () => giveUp(new Error("one of the two ends went away"));
  signal.addEventListener("abort", onAbort, { once: true });
  socket.addEventListener("open", () => resolve(socket), { once: true });
  socket.addEventListener("close", () => reject(new Error("there is no WebSocket here")), { once: true });
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
};
