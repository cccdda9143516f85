/** Reads from a guest's connection until it has said where it wants to go. */
import { type Incomplete, type Refused, refused } from "./head.ts";
import type { Destination, Protocol } from "./protocols.ts";
import type { TcpSocket } from "./sockets.ts";

const HEAD_MS = 10_000;
/** A head that comes in more pieces is there to cost time. */
const MAX_PIECES = 256;

export interface DestinationRead {
  result: Destination | Refused;
  /** Everything received so far. */
  bytes: Buffer;
}

/** The guest is paused when this resolves. Null: it closed, or took too long. */
export const readDestination = (guest: TcpSocket, protocol: Protocol): Promise<DestinationRead | null> => {
  const { promise, resolve } = Promise.withResolvers<DestinationRead | null>();
  const timer = setTimeout(resolve, HEAD_MS, null);
  const pieces: Buffer[] = [];
  const readOn = (bytes: Buffer): DestinationRead | Incomplete => {
    // The socket's buffer is used again for the next read.
    pieces.push(Buffer.from(bytes));
    const all = Buffer.concat(pieces);
    const result = protocol.read(all);
    if (result.kind !== "incomplete") return { result, bytes: all };
    return pieces.length < MAX_PIECES
      ? result
      : { result: refused("it came in too many pieces"), bytes: all };
  };
  guest.data.sink = {
    onData: (bytes) => {
      const read = readOn(bytes);
      if ("kind" in read) return;
      guest.pause();
      resolve(read);
    },
    onDrain: () => undefined,
    // Who ends its side before it has said where it wants to go wants nothing.
    onEnd: () => resolve(null),
    onClose: () => resolve(null),
  };
  return promise.finally(() => clearTimeout(timer));
};
