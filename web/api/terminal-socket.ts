/** One WebSocket to a terminal in a sandbox, as the server speaks it: control messages as JSON, bytes by channel. */

/** First byte of a binary frame. */
const STDIN = 1;
const STDOUT = 2;
/** Larger input goes out in frames of this size. */
const FRAME_BYTES = 64 * 1024;
/** The server's limit is 64 MB; so much is waiting only where nothing reads it. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

export interface Size {
  cols: number;
  rows: number;
}

export type Opening = ({ type: "start"; tag: string } & Size) | { type: "connect"; tag: string };

export interface SocketListener {
  started(): void;
  output(data: Uint8Array): void;
  /** The process is over. */
  exited(exitCode: number): void;
  /** Over without an end of the process. `code` is the API's; empty: the connection broke. */
  closed(code: string, message: string): void;
}

const read = (text: string): Record<string, unknown> => {
  const value: unknown = JSON.parse(text);
  return typeof value === "object" && value !== null ? { ...value } : {};
};

export class TerminalSocket {
  readonly #socket: WebSocket;
  #isOver = false;

  constructor(
    options: { sandboxId: string; token: string; opening: Opening },
    private readonly listener: SocketListener,
  ) {
    const url = new URL(`/v1/sandboxes/${encodeURIComponent(options.sandboxId)}/pty`, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("open", () => {
      this.#say({ type: "auth", token: options.token });
      this.#say(options.opening);
    });
    this.#socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") this.#take(read(data));
      else this.#takeBytes(new Uint8Array(data));
    });
    this.#socket.addEventListener("close", () => this.#end(() => this.listener.closed("", "")));
  }

  /** False when it was not taken: the program does not read, and enough waits already. */
  send(data: Uint8Array): boolean {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    if (this.#socket.bufferedAmount + data.byteLength > MOST_WAITING_BYTES) return false;
    for (let at = 0; at < data.byteLength; at += FRAME_BYTES) {
      const part = data.subarray(at, at + FRAME_BYTES);
      const frame = new Uint8Array(part.byteLength + 1);
      frame[0] = STDIN;
      frame.set(part, 1);
      this.#socket.send(frame);
    }
    return true;
  }

  resize(size: Size): void {
    this.#say({ type: "resize", ...size });
  }

  /** Ends the process. */
  kill(): void {
    this.#say({ type: "kill" });
  }

  /** The process goes on. */
  close(): void {
    this.#isOver = true;
    this.#socket.close();
  }

  #say(message: object): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #take(message: Record<string, unknown>): void {
    if (this.#isOver) return;
    const { type } = message;
    if (type === "started") this.listener.started();
    else if (type === "exit") this.#end(() => this.listener.exited(Number(message["exit_code"])));
    else if (type === "error") {
      const { code, message: words } = message;
      this.#end(() => this.listener.closed(String(code), String(words)));
    }
  }

  #takeBytes(frame: Uint8Array): void {
    if (!this.#isOver && frame[0] === STDOUT) this.listener.output(frame.subarray(1));
  }

  #end(tell: () => void): void {
    if (this.#isOver) return;
    this.close();
    tell();
  }
}
