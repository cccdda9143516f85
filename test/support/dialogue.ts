/** The client's end of an exec or terminal socket, with all it heard. */
import { waitFor } from "./wait-for.ts";

const STDIN = 1;
const STDERR = 3;

export class Dialogue {
  readonly messages: Record<string, unknown>[] = [];
  /** One character per byte. */
  output = "";
  errors = "";
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #open: Promise<void>;

  constructor(url: string, headers: Record<string, string>) {
    // Bun takes headers here, where the standard's type has protocols only.
    const socket = new WebSocket(url, { headers } as unknown as string[]);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    this.#open = new Promise((resolve) => socket.addEventListener("open", () => resolve()));
    this.closed = new Promise((resolve) => socket.addEventListener("close", () => resolve()));
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.messages.push(JSON.parse(data));
      else this.#hear(new Uint8Array(data));
    });
  }

  /** @param id of a sandbox */
  static exec(serverUrl: string, { id, apiKey }: { id: string; apiKey: string }): Dialogue {
    const url = `${serverUrl.replace(/^http/, "ws")}/v1/sandboxes/${id}/exec/stream`;
    return new Dialogue(url, { "x-api-key": apiKey });
  }

  #hear(frame: Uint8Array): void {
    const text = Buffer.from(frame.subarray(1)).toString("latin1");
    if (frame[0] === STDERR) this.errors += text;
    else this.output += text;
  }

  async say(message: object): Promise<void> {
    await this.#open;
    this.#socket.send(JSON.stringify(message));
  }

  async input(data: string | Uint8Array): Promise<void> {
    await this.#open;
    this.#socket.send(Buffer.concat([Buffer.of(STDIN), Buffer.from(data)]));
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  heard(enough: (dialogue: Dialogue) => boolean, timeoutMs?: number): Promise<void> {
    return waitFor("the socket said so", () => enough(this), timeoutMs);
  }

  close(): void {
    this.#socket.close();
  }
}
