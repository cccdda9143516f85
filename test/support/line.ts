/** A line to a server that can be cut, as a tunnel cuts a train's: what is open breaks, and nothing comes through. */
import { connect, createServer, type Server, type Socket } from "node:net";

export class Line implements AsyncDisposable {
  readonly #ends = new Set<Socket>();
  #isCut = false;

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async to(serverUrl: string): Promise<Line> {
    const { hostname, port } = new URL(serverUrl);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("the line has no port");
    const line = new Line(`http://127.0.0.1:${address.port}`, server);
    server.on("connection", (near) => line.#join(near, () => connect(Number(port), hostname)));
    return line;
  }

  cut(): void {
    this.#isCut = true;
    for (const end of this.#ends) end.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #join(near: Socket, dial: () => Socket): void {
    if (this.#isCut) return void near.destroy();
    const far = dial();
    for (const [end, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#ends.add(end);
      // Its close follows.
      end.on("error", () => {});
      end.on("close", () => {
        this.#ends.delete(end);
        other.destroy();
      });
      end.pipe(other);
    }
  }
}
