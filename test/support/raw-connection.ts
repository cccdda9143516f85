/** A TCP connection that sends what no client library would. */
import { connect, type Socket } from "node:net";

import { waitFor } from "./wait-for.ts";

export class RawConnection {
  text = "";
  isOver = false;
  private constructor(readonly socket: Socket) {
    socket.on("data", (data) => void (this.text += data.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => void (this.isOver = true));
  }

  static async to(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const connection = new RawConnection(socket);
    await waitFor("a connection", () => !socket.connecting, 10_000);
    return connection;
  }

  send(bytes: string | Uint8Array): void {
    if (!this.socket.destroyed) this.socket.write(bytes);
  }

  /** Nothing more will be sent; what is answered is still read. */
  halfClose(): void {
    this.socket.end();
  }

  /** Of the first answer; null before it has come. */
  get status(): number | null {
    const match = /^HTTP\/1\.1 (\d{3})/.exec(this.text);
    return match === null ? null : Number(match[1]);
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}
