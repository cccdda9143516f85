/** Opens a WebSocket to a port inside a sandbox. */
import { toGuestUpgradeHeaders } from "./headers.ts";

const OPEN_MS = 30_000;

/** The tree also has the browser's types, whose WebSocket knows neither headers nor `terminate`. */
const GuestWebSocket = WebSocket as unknown as new (
  url: string,
  options: Bun.WebSocketOptions,
) => Bun.WebSocket;

/**
 * Rejects when it does not open, and at once when `signal` aborts.
 *
 * @param request the client's upgrade: its headers and protocols are passed on
 */
export const dialGuestSocket = (
  url: string,
  request: Request,
  signal: AbortSignal,
): Promise<Bun.WebSocket> => {
  const asked = request.headers.get("sec-websocket-protocol");
  const protocols = asked === null ? [] : asked.split(",").map((name) => name.trim());
  const guest = new GuestWebSocket(url, {
    headers: toGuestUpgradeHeaders(request.headers),
    protocols,
    perMessageDeflate: false,
  });
  guest.binaryType = "nodebuffer";
  const { promise, resolve, reject } = Promise.withResolvers<Bun.WebSocket>();
  const giveUp = (reason: Error) => {
    reject(reason);
    guest.terminate();
  };
  const timer = setTimeout(() => giveUp(new Error(`no WebSocket within ${OPEN_MS} ms`)), OPEN_MS);
  const onAbort = () => giveUp(new Error("the client or the sandbox went away"));
  signal.addEventListener("abort", onAbort, { once: true });
  guest.addEventListener("open", () => resolve(guest), { once: true });
  guest.addEventListener("close", () => reject(new Error("the port does not speak WebSocket here")), {
    once: true,
  });
  if (signal.aborted) onAbort();
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
};
