/** Connects to a server from inside a slot's namespace: every rule that holds for the sandbox holds for this. */
import { inNetworkNamespace } from "../../system/network-namespace.ts";
import { idleSink, type Sink, sinkHandlers, type TcpSocket } from "./sockets.ts";

/** For each address; the namespace's own limit on unanswered connects is a little longer. */
const CONNECT_MS = 5_000;
const MAX_ADDRESSES = 3;

export interface Dialler {
  namespacePath: string;
  /** Of the slot: a socket with another one was not made in its namespace. */
  address: string;
}

const connect = async (dialler: Dialler, hostname: string, port: number): Promise<TcpSocket> => {
  const socket = await inNetworkNamespace(dialler.namespacePath, () =>
    Bun.connect<{ sink: Sink }>({
      hostname,
      port,
      allowHalfOpen: true,
      data: { sink: idleSink() },
      socket: {
        ...sinkHandlers,
        // Nothing is read before somebody has it in hand.
        open: (opened) => opened.pause(),
        connectError: () => undefined,
      },
    }),
  );
  if (socket.localAddress === dialler.address) return socket;
  socket.terminate();
  throw new Error(`a connection left from ${socket.localAddress} instead of the slot's ${dialler.address}`);
};

export interface Dialled {
  /** Paused. Null: no address took the connection in time. */
  socket: Promise<TcpSocket | null>;
  /** Resolves when no attempt is under way any more: one that was given up lives as long as the kernel tries. */
  settled: Promise<unknown>;
}

/** The first of the addresses that takes the connection. Never rejects. */
export const dial = (dialler: Dialler, addresses: string[], port: number, signal: AbortSignal): Dialled => {
  const attempts: Promise<unknown>[] = [];
  const attempt = async (address: string): Promise<TcpSocket | null> => {
    let isLate = false;
    const connecting = connect(dialler, address, port).then(
      (socket) => {
        if (!isLate) return socket;
        socket.terminate();
        return null;
      },
      () => null,
    );
    attempts.push(connecting);
    const { promise: late, resolve } = Promise.withResolvers<null>();
    const giveUp = () => {
      isLate = true;
      resolve(null);
    };
    const timer = setTimeout(giveUp, CONNECT_MS);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await Promise.race([connecting, late]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", giveUp);
    }
  };
  const socket = (async () => {
    for (const address of addresses.slice(0, MAX_ADDRESSES)) {
      if (signal.aborted) return null;
      const connected = await attempt(address);
      if (connected !== null) return connected;
    }
    return null;
  })();
  return { socket, settled: socket.then(() => Promise.allSettled(attempts)) };
};
