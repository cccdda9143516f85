/** What passes between the guest agent's port and whoever asks, whatever program answers there. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { Expiry } from "../sandboxes/expiry.ts";
import { type Live, Sandbox } from "../sandboxes/sandbox.ts";
import { closeDoor } from "../sandboxes/streams.ts";
import { endOwnConnections } from "../system/own-connections.ts";
import { forwardRequest } from "./forward.ts";

/** The port is fixed, so each run of this file has an address of its own. */
const ADDRESS = `127.${1 + (process.pid % 250)}.${(process.pid >> 8) % 250}.${1 + ((process.pid >> 4) % 250)}`;
const MB = 2 ** 20;

let sandbox: Sandbox;
let guest: Server | Bun.Server<undefined> | null = null;

beforeEach(() => {
  sandbox = new Sandbox(crypto.randomUUID(), crypto.randomUUID());
  // Of what runs, a request looks at the address alone.
  sandbox.live = { slot: { address: ADDRESS } } as Live;
  sandbox.accepting = true;
});
afterEach(async () => {
  endOwnConnections(`${ADDRESS}:${GUEST_PORT}`);
  if (guest !== null && "stop" in guest) await guest.stop(true);
  else guest?.close();
});

/** `onAsked` is told of each request, by the number of its connection. */
const listen = async (onAsked: (socket: Socket, connection: number) => void): Promise<void> => {
  let connections = 0;
  const server = createServer((socket) => {
    const connection = ++connections;
    socket.on("error", () => {});
    socket.on("data", () => onAsked(socket, connection));
  });
  guest = server;
  await new Promise<void>((resolve) => server.listen(GUEST_PORT, ADDRESS, resolve));
};

const ask = (init: RequestInit = {}): Promise<Response> => {
  const expiry = new Expiry(new Map(), () => Promise.resolve());
  const target = { sandboxId: sandbox.id, port: GUEST_PORT, pathAndQuery: "/" };
  return forwardRequest(new Request("http://host/", init), sandbox, target, expiry);
};

const post = () => ask({ method: "POST", headers: { "content-type": "application/json" }, body: "{}" });

/** Answers with the number of the connection. */
const tellConnection = (socket: Socket, connection: number): void => {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n${connection}`);
};

test("a connection is kept for the next call", async () => {
  await listen(tellConnection);
  expect([await (await post()).text(), await (await post()).text()]).toEqual(["1", "1"]);
});

test("an answer without end is not read ahead, however short it says it is", async () => {
  let sentBytes = 0;
  const chunk = "x".repeat(MB);
  await listen((socket) => {
    socket.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n");
    void (async () => {
      while (!socket.destroyed) {
        sentBytes += MB;
        const isTaken = socket.write(`${MB.toString(16)}\r\n${chunk}\r\n`);
        await (isTaken ? Bun.sleep(0) : once(socket, "drain"));
      }
    })().catch(() => {});
  });
  const answer = await post();
  const reader = answer.body?.getReader();
  let readBytes = 0;
  while (readBytes < 64 * MB) {
    const piece = await reader?.read();
    if (piece?.value === undefined) throw new Error(`it ended after ${readBytes} bytes`);
    readBytes += piece.value.byteLength;
  }
  // What is in no reader's hands waits on the way: in sockets, and in what fetch holds.
  expect(sentBytes - readBytes).toBeLessThan(64 * MB);
  await reader?.cancel();
  expect(sandbox.streams.size).toBe(0);
});

test("a call that a pause cuts before its answer may be asked again, one after it began may not", async () => {
  const WHOLE = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwhole";
  let asked = Promise.withResolvers<void>();
  let answer = "";
  await listen((socket) => {
    socket.write(answer);
    asked.resolve();
  });
  const cut = async (): Promise<string | null> => {
    asked = Promise.withResolvers();
    sandbox.accepting = true;
    const response = post();
    await asked.promise;
    // What was written before has been read when this one is whole.
    answer = WHOLE;
    await (await post()).text();
    closeDoor(sandbox);
    return (await response).headers.get(HOST_ERROR_HEADER);
  };
  expect(await cut()).toBe("sandbox_not_found");
  answer = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf";
  expect(await cut()).toBe("guest_failed");
});

test("the rest of a body that was refused is not taken for the next request", async () => {
  guest = Bun.serve({
    hostname: ADDRESS,
    port: GUEST_PORT,
    fetch: (request) => new Response(request.method, { status: request.method === "POST" ? 401 : 200 }),
  });
  const body = () =>
    new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (let part = 0; part < 16; part++) controller.enqueue(new Uint8Array(MB / 16).fill(0x41));
        controller.close();
      },
    });
  for (let round = 0; round < 10; round++) {
    const refused = await ask({ method: "POST", body: body() });
    expect([refused.status, await refused.text()]).toEqual([401, "POST"]);
    const next = await ask();
    expect([next.status, await next.text()]).toEqual([200, "GET"]);
  }
});
