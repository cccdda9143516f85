/** Sends frames to a WebSocket client no faster than it reads them. */
import type { ServerWebSocket } from "bun";

/** First byte of a binary frame. */
export const CHANNEL = { stdin: 1, stdout: 2, stderr: 3 } as const;

/** What the socket answers when a frame had to wait, and when it was lost. */
const WAITING = -1;
const LOST = 0;

/** The part of a socket that is used here. */
export type RawSocket = Pick<ServerWebSocket<unknown>, "sendText" | "sendBinary" | "close">;

export class SocketWire {
  #drained: PromiseWithResolvers<void> | null = null;
  #closed = false;

  constructor(private readonly socket: RawSocket) {}

  /** A control message. */
  say(message: Record<string, unknown>): void {
    if (!this.#closed) this.socket.sendText(JSON.stringify(message));
  }

  /** Resolves when there is room for more; at once when the client is gone. */
  async bytes(channel: number, data: Uint8Array): Promise<void> {
    if (this.#closed) return;
    const frame = new Uint8Array(data.byteLength + 1);
    frame[0] = channel;
    frame.set(data, 1);
    const result = this.socket.sendBinary(frame);
    if (result === LOST && !this.#closed) this.close(1011, "a frame was lost");
    if (result !== WAITING) return;
    this.#drained ??= Promise.withResolvers();
    await this.#drained.promise;
  }

  /** The socket has room again. */
  onDrain(): void {
    this.#drained?.resolve();
    this.#drained = null;
  }

  /** The client is gone: nothing waits for it any more. */
  onClose(): void {
    this.#closed = true;
    this.onDrain();
  }

  close(code: number, reason: string): void {
    if (!this.#closed) this.socket.close(code, reason);
    this.onClose();
  }
}
