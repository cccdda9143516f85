/**
 * A program in a network namespace that tests talk through: it listens, connects and sends as told, one
 * JSON command per line of standard input, one JSON answer per line of standard output.
 */
export type PeerCommand =
  | { op: "resolve"; host: string; answer: string }
  | { op: "listen"; protocol: "tcp" | "udp"; host: string; port: number; name: string }
  | { op: "send"; protocol: "tcp" | "udp"; host: string; port: number; from?: string; timeoutMs: number };

/** What came back: `name<-address the listener saw`, or null when nothing did. */
export interface PeerAnswer {
  reply: string | null;
}

const within = async (timeoutMs: number, work: Promise<string>): Promise<string | null> => {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(resolve, timeoutMs, null);
  try {
    return await Promise.race([work, promise]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
};

const listen = async (
  protocol: "tcp" | "udp",
  hostname: string,
  port: number,
  name: string,
): Promise<void> => {
  if (protocol === "udp") {
    await Bun.udpSocket({
      hostname,
      port,
      socket: {
        data: (socket, _data, fromPort, from) => void socket.send(`${name}<-${from}`, fromPort, from),
      },
    });
    return;
  }
  Bun.listen({
    hostname,
    port,
    socket: { data: (socket) => void socket.write(`${name}<-${socket.remoteAddress}`) },
  });
};

const sendTcp = async (host: string, port: number): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname: host,
    port,
    socket: {
      open: (opened) => void opened.write("?"),
      data: (_socket, data) => resolve(data.toString()),
      close: () => reject(new Error("closed")),
      connectError: (_socket, error) => reject(error),
    },
  });
  try {
    return await promise;
  } finally {
    socket.end();
  }
};

/** `from` is the address the datagram says it comes from. */
const sendUdp = async (host: string, port: number, from: string): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = await Bun.udpSocket({
    hostname: from,
    socket: {
      data: (_socket, data) => resolve(data.toString()),
      error: (_socket, error) => reject(error),
    },
  });
  socket.send("?", port, host);
  return await promise;
};

/** Where the question ends: a name of length-prefixed labels, a type and a class follow the header. */
const endOfQuestion = (query: Buffer): number => {
  let at = 12;
  while (at < query.length && query[at] !== 0) at += 1 + (query[at] ?? 0);
  return at + 5;
};

/** RFC 1035: every question for an A record is answered with `address`; any other has no answer. */
const dnsReply = (query: Buffer, address: string): Buffer => {
  const end = endOfQuestion(query);
  const isForAddress = query.readUInt16BE(end - 4) === 1;
  const header = Buffer.from([
    ...query.subarray(0, 2),
    0x81,
    0x80,
    0,
    1,
    0,
    isForAddress ? 1 : 0,
    0,
    0,
    0,
    0,
  ]);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split(".").map(Number)]);
  return Buffer.concat([header, query.subarray(12, end), ...(isForAddress ? [record] : [])]);
};

const resolve = async (hostname: string, address: string): Promise<void> => {
  await Bun.udpSocket({
    hostname,
    port: 53,
    socket: {
      data: (socket, data, fromPort, from) => void socket.send(dnsReply(data, address), fromPort, from),
    },
  });
};

const answer = async (command: PeerCommand): Promise<PeerAnswer> => {
  if (command.op === "resolve") {
    await resolve(command.host, command.answer);
    return { reply: "listening" };
  }
  if (command.op === "listen") {
    await listen(command.protocol, command.host, command.port, command.name);
    return { reply: "listening" };
  }
  const { protocol, host, port, from = "0.0.0.0", timeoutMs } = command;
  return {
    reply: await within(timeoutMs, protocol === "tcp" ? sendTcp(host, port) : sendUdp(host, port, from)),
  };
};

if (import.meta.main) {
  for await (const line of console) {
    if (line === "") continue;
    // written by the test alone
    const command: PeerCommand = JSON.parse(line);
    console.log(JSON.stringify(await answer(command)));
  }
  process.exit(0);
}
