/** The QEMU Machine Protocol, one command after the other. */
import { BlockingSocket } from "./blocking-socket.ts";

const TIMEOUT_MS = 30_000;
const POLL_MS = 0.5;

export class Qmp {
  readonly #socket: BlockingSocket;
  #received = "";

  constructor(socketPath: string) {
    this.#socket = BlockingSocket.unix(socketPath, { connectMs: TIMEOUT_MS, answerMs: TIMEOUT_MS });
    this.#line();
    this.execute("qmp_capabilities");
  }

  /** Throws what QEMU answered when it refuses. */
  execute(command: string, commandArguments: Record<string, unknown> = {}): Record<string, unknown> {
    const line = JSON.stringify({ execute: command, arguments: commandArguments });
    this.#socket.send(new TextEncoder().encode(`${line}\n`));
    for (;;) {
      const message = JSON.parse(this.#line()) as Record<string, Record<string, unknown>>;
      if (message["error"] !== undefined) throw new Error(`${command}: ${JSON.stringify(message["error"])}`);
      // Everything else on the line is an event.
      if (message["return"] !== undefined) return message["return"];
    }
  }

  /** Loads the inherited device state and lets the guest run. */
  load(incomingFd: number): void {
    this.execute("migrate-incoming", { uri: `fd:${incomingFd}` });
    while (this.execute("query-status")["status"] === "inmigrate") Bun.sleepSync(POLL_MS);
  }

  close(): void {
    this.#socket.close();
  }

  #line(): string {
    for (;;) {
      const end = this.#received.indexOf("\n");
      if (end >= 0) {
        const line = this.#received.slice(0, end);
        this.#received = this.#received.slice(end + 1);
        return line;
      }
      const more = this.#socket.receive();
      if (more === null) throw new Error("QEMU ended");
      this.#received += more;
    }
  }
}
