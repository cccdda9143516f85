/**
 * One kept-alive HTTP connection with one request under way at a time. Straight on the socket: `fetch` costs
 * a client as much as the servers measured with it.
 */

/** One kind of request, told as the bytes to send. */
export interface Target {
  hostname: string;
  port: number;
  request: Uint8Array;
}

const HEADERS_END = "\r\n\r\n";

export const targetOf = (address: string, headers: Record<string, string>): Target => {
  const { hostname, port, host, pathname, search } = new URL(address);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}`);
  const head = [`GET ${pathname}${search} HTTP/1.1`, ...lines].join("\r\n");
  return { hostname, port: Number(port), request: Buffer.from(`${head}${HEADERS_END}`) };
};

/** Bytes of the whole answer that starts in `received`; null until its headers are there. Throws unless it is a 200. */
export const answerLength = (received: Buffer): number | null => {
  const end = received.indexOf(HEADERS_END);
  if (end < 0) return null;
  const head = received.toString("latin1", 0, end);
  const length = /^content-length: (\d+)$/im.exec(head)?.[1];
  if (!head.startsWith("HTTP/1.1 200 ") || length === undefined) {
    throw new Error(`expected a 200 with its length, got: ${received.toString().slice(0, 500)}`);
  }
  return end + HEADERS_END.length + Number(length);
};

/** Asks again whenever an answer is complete, until `isOver`. Resolves to the number of answers. */
export const askRepeatedly = async (target: Target, isOver: () => boolean): Promise<number> => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let answers = 0;
  let received: Buffer = Buffer.alloc(0);
  const socket = await Bun.connect({
    hostname: target.hostname,
    port: target.port,
    socket: {
      data: (connection, chunk) => {
        received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
        const length = answerLength(received);
        if (length === null || received.length < length) return;
        received = Buffer.alloc(0);
        answers += 1;
        if (isOver()) resolve(answers);
        else connection.write(target.request);
      },
      error: (_, error) => reject(error),
      close: () => reject(new Error("the connection was closed")),
    },
  });
  socket.write(target.request);
  try {
    return await promise;
  } finally {
    socket.end();
  }
};
