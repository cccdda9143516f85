/** TCP sockets whose events go to whoever has them in hand just now. */

export interface Sink {
  onData(bytes: Buffer): void;
  onDrain(): void;
  /** The other side sends nothing more. */
  onEnd(): void;
  /**
   * Nothing comes after this.
   * @param cut it broke. Else both sides have ended theirs; of the later end there is no other sign.
   */
  onClose(cut: boolean): void;
}

export type TcpSocket = Bun.Socket<{ sink: Sink }>;

/** For `Bun.listen` and `Bun.connect` with `allowHalfOpen`. */
export const sinkHandlers = {
  data: (socket: TcpSocket, bytes: Buffer) => socket.data.sink.onData(bytes),
  drain: (socket: TcpSocket) => socket.data.sink.onDrain(),
  end: (socket: TcpSocket) => socket.data.sink.onEnd(),
  close: (socket: TcpSocket, error?: Error) => socket.data.sink.onClose(error !== undefined),
  /** A close follows. */
  error: () => undefined,
};

/** Takes no notice of anything but the end. */
export const idleSink = (onClose: () => void = () => undefined): Sink => ({
  onData: () => undefined,
  onDrain: () => undefined,
  onEnd: () => undefined,
  onClose,
});
