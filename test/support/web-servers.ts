/** What a `web-peer.ts` serves: sites that tell who they are and what they were asked for, and their names. */
import { createServer as createWeb, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureWeb } from "node:https";

export interface Site {
  host: string;
  name: string;
  cert: string;
  key: string;
}

const answerRequest = (name: string) => (request: IncomingMessage, response: ServerResponse) => {
  const big = /^\/big\/(\d+)$/.exec(request.url ?? "");
  if (big !== null) {
    response.writeHead(200, { "content-length": Number(big[1]) });
    const chunk = Buffer.alloc(64 * 1024, 97);
    let left = Number(big[1]);
    const more = () => {
      while (left > 0) {
        const piece = chunk.subarray(0, Math.min(left, chunk.length));
        left -= piece.length;
        if (!response.write(piece)) return;
      }
      response.end();
    };
    response.on("drain", more);
    more();
    return;
  }
  let bytes = 0;
  request.on("data", (piece: Buffer) => (bytes += piece.length));
  request.on("end", () => {
    response.end(`${name} host=${String(request.headers.host)} path=${String(request.url)} body=${bytes}\n`);
  });
};

/** HTTP on port 80 and TLS on port 443 of an address. */
export const serveWeb = async ({ host, name, cert, key }: Site): Promise<void> => {
  const web = createWeb(answerRequest(name));
  web.on("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.on("data", (bytes) => socket.write(`${name} echoes ${bytes.toString()}`));
  });
  const secure = createSecureWeb({ cert, key }, answerRequest(name));
  await new Promise<void>((resolve) => web.listen(80, host, resolve));
  await new Promise<void>((resolve) => secure.listen(443, host, resolve));
};

/** Names that DNS was asked for here, oldest first. */
export const asked: string[] = [];

/** The name in the question, and where the question ends. */
export const readName = (query: Buffer): { name: string; end: number } => {
  const labels: string[] = [];
  let at = 12;
  while (at < query.length && query[at] !== 0) {
    const length = query[at] ?? 0;
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join("."), end: at + 5 };
};

/** A DNS server: names it does not have are unknown. */
export const serveDns = async (hostname: string, names: Record<string, string[]>): Promise<void> => {
  await Bun.udpSocket({
    hostname,
    port: 53,
    socket: {
      data: (socket, query, port, address) => {
        const { name, end } = readName(query);
        asked.push(name);
        const addresses = names[name.toLowerCase()];
        const records = (addresses ?? []).map((each) =>
          Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...each.split(".").map(Number)]),
        );
        const rcode = addresses === undefined ? 3 : 0;
        const header = [0x81, 0x80 + rcode, 0, 1, 0, records.length, 0, 0, 0, 0];
        const reply = [query.subarray(0, 2), Buffer.from(header), query.subarray(12, end), ...records];
        socket.send(Buffer.concat(reply), port, address);
      },
    },
  });
};
