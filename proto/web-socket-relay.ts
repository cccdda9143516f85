/**
 * Passes messages between a WebSocket that came in and the one dialled for it. A slow reader of what comes in
 * stops the reading of the dialled side; the other way nothing can be stopped, so there a queue has an end.
 */
import type { ServerWebSocket, WebSocketHandler } from "bun";

/** What waits for a side that reads slower than the other writes; past it both are closed. */
export const MAX_BUFFERED_BYTES = 16 << 20;

/** RFC 6455 section 7.4.1. */
const CLOSE_NORMAL = 1000;
const CLOSE_NO_STATUS = 1005;
const CLOSE_ABNORMAL = 1006;
const CLOSE_TRY_AGAIN_LATER = 1013;
/** They tell what happened locally and are never sent. */
const LOCAL_CODES = new Set([1004, CLOSE_NO_STATUS, CLOSE_ABNORMAL, 1015]);

/** What Bun hands out with `binaryType` nodebuffer. */
type Message = string | Buffer;

interface Close {
  code: number;
  reason: string;
}

const isSendable = (code: number): boolean =>
  (code >= CLOSE_NORMAL && code <= 1_014 && !LOCAL_CODES.has(code)) || (code >= 3_000 && code <= 4_999);

/** Ends the other side as this one ended: a broken connection breaks it, everything else is a close. */
const endAs = (
  socket: Pick<ServerWebSocket, "close" | "terminate"> | Bun.WebSocket,
  { code, reason }: Close,
): void => {
  if (isSendable(code)) socket.close(code, reason);
  else if (code === CLOSE_NO_STATUS) socket.close();
  else socket.terminate();
};

/**
 * Headers of the answer to an upgrade: the protocol that was chosen behind. Without one the client's first offer
 * would be taken for chosen, so the offer is removed.
 */
export const upgradeHeaders = (request: Request, { protocol }: Bun.WebSocket): Record<string, string> => {
  request.headers.delete("sec-websocket-protocol");
  return protocol === "" ? {} : { "sec-websocket-protocol": protocol };
};

/**
 * Its methods are the handlers of the incoming socket: give it as that socket's data.
 * @param dialled open; it is read once the incoming side is open too
 */
export class WebSocketRelay {
  #incoming: ServerWebSocket<unknown> | null = null;
  /** Messages that were read before the incoming side was open. */
  #early: Message[] = [];
  #closed: Close | null = null;

  /** @param onEnd called once, when either side has ended */
  constructor(
    private readonly dialled: Bun.WebSocket,
    private readonly onEnd: () => void,
  ) {
    dialled.pause();
    dialled.addEventListener("message", ({ data }) => this.#toIncoming(data as Message));
    dialled.addEventListener("close", ({ code, reason }) => {
      this.onEnd();
      this.#closed = { code, reason };
      if (this.#incoming !== null) endAs(this.#incoming, this.#closed);
    });
  }

  open(incoming: ServerWebSocket<unknown>): void {
    this.#incoming = incoming;
    for (const data of this.#early.splice(0)) this.#toIncoming(data);
    if (this.#closed !== null) endAs(incoming, this.#closed);
    this.dialled.resume();
  }

  message(incoming: ServerWebSocket<unknown>, data: Message): void {
    const { dialled } = this;
    if (dialled.readyState !== WebSocket.OPEN) return;
    dialled.send(data);
    if (dialled.bufferedAmount <= MAX_BUFFERED_BYTES) return;
    incoming.close(CLOSE_TRY_AGAIN_LATER, "the other side reads too slowly");
    dialled.terminate();
  }

  /** The incoming side has taken what waited for it. */
  drain(): void {
    this.dialled.resume();
  }

  close(_incoming: ServerWebSocket<unknown>, code: number, reason: string): void {
    this.onEnd();
    // A reader that was stopped would not notice the end.
    this.dialled.resume();
    endAs(this.dialled, { code, reason });
  }

  /** Breaks both sides. */
  terminate(): void {
    this.dialled.terminate();
    this.#incoming?.terminate();
  }

  #toIncoming(data: Message): void {
    if (this.#incoming === null) {
      this.#early.push(data);
      return;
    }
    const sent = this.#incoming.send(data);
    // Of an empty message nothing is counted, sent as it is.
    if (sent > 0 || data.length === 0) return;
    // Queued, or else dropped: a stream with a hole in it must not go on.
    if (sent === -1) this.dialled.pause();
    else if (this.#incoming.readyState === WebSocket.OPEN) this.terminate();
  }
}

/** Of a listener whose sockets are all relays. */
export const RELAY_HANDLERS: WebSocketHandler<WebSocketRelay> = {
  open: (socket) => socket.data.open(socket),
  message: (socket, message) => socket.data.message(socket, message),
  drain: (socket) => socket.data.drain(),
  close: (socket, code, reason) => socket.data.close(socket, code, reason),
};
