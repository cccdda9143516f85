/**
 * A program in a network namespace that is a web of its own, or a client of one: it serves HTTP, TLS and DNS at
 * addresses, and makes requests as told, one JSON command per line of standard input, one JSON answer per line
 * of standard output.
 */
import type { IncomingMessage } from "node:http";
import { request as secureRequest } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

import { asked, readName, serveDns, serveWeb, type Site } from "./web-servers.ts";

export type WebCommand =
  /** HTTP on port 80 and TLS on port 443 of an address. */
  | ({ op: "serve" } & Site)
  /** A DNS server: names it does not have are unknown. */
  | { op: "serve_dns"; host: string; names: Record<string, string[]> }
  /** The names it was asked for, oldest first. */
  | { op: "asked" }
  /** Connects, sends the pieces one by one, reads until `until` or the end; with `next`, sends that and reads on. */
  | {
      op: "exchange";
      host: string;
      port: number;
      pieces: string[];
      until?: string;
      next?: string;
      timeoutMs: number;
    }
  | {
      op: "get";
      host: string;
      servername: string | null;
      hostHeader: string;
      path: string;
      timeoutMs: number;
    }
  /** Opens a TLS connection that stays, with a first request on it. */
  | { op: "open"; id: string; host: string; servername: string; timeoutMs: number }
  /** Makes another request on it. */
  | { op: "again"; id: string; timeoutMs: number }
  /** HTTP requests, each on a connection of its own; the answer counts those that were answered. */
  | { op: "rush"; host: string; hostHeader: string; count: number }
  /** Opens connections that say nothing; the answer counts those that were closed. */
  | { op: "crowd"; host: string; count: number; timeoutMs: number }
  | { op: "disperse" }
  /** Bytes over TLS, one way; the answer counts those that arrived. */
  | { op: "transfer"; host: string; servername: string; direction: "up" | "down"; bytes: number }
  | { op: "query"; server: string; name: string; type: number; timeoutMs: number };

export interface WebAnswer {
  /** What came back; null when nothing did in time. */
  reply: string | null;
  /** The connection was closed by the other side, or never opened. */
  closed?: boolean;
}

/** Reads until the text, the end or the time is up. */
const readUntil = (socket: Socket, until: string | undefined, timeoutMs: number): Promise<WebAnswer> => {
  const { promise, resolve } = Promise.withResolvers<WebAnswer>();
  let text = "";
  const settle = (closed: boolean) => resolve({ reply: text === "" ? null : text, closed });
  const timer = setTimeout(settle, timeoutMs, false);
  const onData = (bytes: Buffer) => {
    text += bytes.toString("latin1");
    if (until !== undefined && text.includes(until)) settle(false);
  };
  socket.on("data", onData);
  for (const event of ["end", "close", "error"]) socket.once(event, () => settle(true));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.off("data", onData);
  });
};

const exchange = async (command: Extract<WebCommand, { op: "exchange" }>): Promise<WebAnswer> => {
  const { host, port, pieces, until, next, timeoutMs } = command;
  const socket = connectTcp({ host, port });
  const answer = readUntil(socket, until, timeoutMs);
  socket.setNoDelay(true);
  for (const piece of pieces) {
    socket.write(Buffer.from(piece, "latin1"));
    // apart, so that they arrive apart
    if (pieces.length > 1) await Bun.sleep(5);
  }
  let result = await answer;
  if (next !== undefined) {
    const heard = readUntil(socket, next, timeoutMs);
    socket.write(Buffer.from(next, "latin1"));
    result = await heard;
  }
  socket.destroy();
  return result;
};

const request = (host: string, path: string): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;

const kept = new Map<string, { socket: Socket; servername: string }>();

const open = (host: string, servername: string | null): Socket =>
  servername === null
    ? connectTcp({ host, port: 80 })
    : connectTls({ host, port: 443, servername, rejectUnauthorized: false });

const query = async (command: Extract<WebCommand, { op: "query" }>): Promise<WebAnswer> => {
  const { server, name, type, timeoutMs } = command;
  const labels = name
    .split(".")
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const message = Buffer.concat([
    Buffer.from([7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, type, 0, 1]),
  ]);
  const { promise, resolve } = Promise.withResolvers<WebAnswer>();
  const timer = setTimeout(resolve, timeoutMs, { reply: null });
  const socket = await Bun.udpSocket({
    socket: {
      data: (_socket, reply) => {
        const { end } = readName(reply);
        const count = reply.readUInt16BE(6);
        const addresses = Array.from({ length: count }, (_, index) =>
          [...reply.subarray(end + 16 * index + 12, end + 16 * index + 16)].join("."),
        );
        resolve({ reply: [`rcode=${(reply[3] ?? 0) & 15}`, ...addresses].join(" ") });
      },
      error: () => resolve({ reply: null, closed: true }),
    },
  });
  try {
    socket.send(message, 53, server);
    return await promise;
  } catch {
    // its own machine does not let it out
    return { reply: null };
  } finally {
    clearTimeout(timer);
    socket.close();
  }
};

const present: Socket[] = [];

/** Until none was closed for a while, or the time is up. */
const crowd = async ({
  host,
  count,
  timeoutMs,
}: Extract<WebCommand, { op: "crowd" }>): Promise<WebAnswer> => {
  const seen = { opened: 0, closed: 0 };
  for (let made = 0; made < count; made += 1) {
    const socket = connectTcp({ host, port: 80 });
    socket.once("connect", () => (seen.opened += 1));
    socket.on("error", () => undefined);
    socket.once("close", () => (seen.closed += 1));
    present.push(socket);
  }
  const deadline = performance.now() + timeoutMs;
  let before = -1;
  while (performance.now() < deadline && (seen.opened < count || seen.closed !== before)) {
    before = seen.closed;
    await Bun.sleep(300);
  }
  return { reply: String(seen.closed) };
};

const RUSH_AT_ONCE = 50;
const RUSH_MS = 20_000;

const rush = async ({ host, hostHeader, count }: Extract<WebCommand, { op: "rush" }>): Promise<WebAnswer> => {
  let left = count;
  let answered = 0;
  const runner = async () => {
    while (left > 0) {
      left -= 1;
      const pieces = [request(hostHeader, "/")];
      const { reply } = await exchange({ op: "exchange", host, port: 80, pieces, timeoutMs: RUSH_MS });
      if (reply?.startsWith("HTTP/1.1 200") === true) answered += 1;
    }
  };
  await Promise.all(Array.from({ length: RUSH_AT_ONCE }, runner));
  return { reply: String(answered) };
};

const countDown = (response: IncomingMessage): Promise<number> =>
  new Promise((resolve) => {
    let count = 0;
    response.on("data", (piece: Buffer) => (count += piece.length));
    response.once("close", () => resolve(count));
  });

const readText = async (response: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  return Buffer.concat(pieces).toString();
};

const transfer = (command: Extract<WebCommand, { op: "transfer" }>): Promise<WebAnswer> => {
  const { host, servername, direction, bytes } = command;
  const { promise, resolve } = Promise.withResolvers<WebAnswer>();
  const options = { host, servername, rejectUnauthorized: false, headers: { host: servername } };
  const sent =
    direction === "down"
      ? secureRequest({ ...options, path: `/big/${bytes}` })
      : secureRequest({ ...options, method: "POST", path: "/up" });
  sent.once("error", (error) => resolve({ reply: String(error), closed: true }));
  sent.once("response", (response) => {
    if (direction === "down") void countDown(response).then((count) => resolve({ reply: String(count) }));
    else void readText(response).then((text) => resolve({ reply: /body=(\d+)/.exec(text)?.[1] ?? text }));
  });
  sent.end(direction === "up" ? Buffer.alloc(bytes, 98) : undefined);
  return promise;
};

const answer = async (command: WebCommand): Promise<WebAnswer> => {
  switch (command.op) {
    case "serve":
      await serveWeb(command);
      return { reply: "serving" };
    case "serve_dns":
      await serveDns(command.host, command.names);
      return { reply: "serving" };
    case "asked":
      return { reply: asked.join(" ") };
    case "exchange":
      return exchange(command);
    case "query":
      return query(command);
    case "rush":
      return rush(command);
    case "crowd":
      return crowd(command);
    case "disperse":
      for (const socket of present.splice(0)) socket.destroy();
      return { reply: "gone" };
    case "transfer":
      return transfer(command);
    case "get": {
      const socket = open(command.host, command.servername);
      socket.write(request(command.hostHeader, command.path));
      const result = await readUntil(socket, "body=0", command.timeoutMs);
      socket.destroy();
      return result;
    }
    case "open": {
      const { id, host, servername, timeoutMs } = command;
      const socket = open(host, servername);
      socket.on("error", () => undefined);
      kept.set(id, { socket, servername });
      socket.write(request(servername, "/first"));
      return readUntil(socket, "body=0", timeoutMs);
    }
    case "again": {
      const entry = kept.get(command.id);
      if (entry === undefined || entry.socket.destroyed) return { reply: null, closed: true };
      entry.socket.write(request(entry.servername, "/again"));
      return readUntil(entry.socket, "body=0", command.timeoutMs);
    }
  }
};

if (import.meta.main) {
  for await (const line of console) {
    if (line === "") continue;
    // written by the test alone
    const command: WebCommand = JSON.parse(line);
    console.log(JSON.stringify(await answer(command)));
  }
  process.exit(0);
}
