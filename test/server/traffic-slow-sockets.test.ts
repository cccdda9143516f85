/** WebSockets whose one side reads slowly or not at all: nothing is kept without bound, and nothing is lost. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { createServer, type Server } from "node:net";

import { CHUNK } from "../support/echo-program.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { TrafficProcess } from "../support/traffic-process.ts";
import { PROGRAM_PORT } from "../support/traffic-scene.ts";
import { addressed, dialThrough } from "../support/traffic.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(120_000);

const DEAF_PORT = 3_999;
const MAX_GROWTH_BYTES = 80 << 20;

let scene: TrafficProcess;
/** Becomes a WebSocket and then reads no more. */
let deaf: Server;
beforeAll(async () => {
  scene = await TrafficProcess.start();
  deaf = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (head) => {
      const key = /sec-websocket-key: (\S+)/i.exec(head.toString())?.[1] ?? "";
      const accept = new Bun.CryptoHasher("sha1")
        .update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest("base64");
      socket.pause();
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      );
    });
  });
  await new Promise<void>((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  const address = deaf.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  scene.host.ports.set(DEAF_PORT, `http://127.0.0.1:${port}`);
});
afterAll(async () => {
  deaf.close();
  await scene[Symbol.asyncDispose]();
});

/** A text frame of a client. Its mask of zeros leaves the text as it is. */
const textFrame = (text: string): Buffer =>
  Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);

test("a client that does not read stops the program, and gets all of it when it reads on", async () => {
  const count = 3_000;
  const { memoryBytes } = await scene.footprint();
  using client = await RawConnection.to(scene.server.url);
  const head = Object.entries({
    host: "x",
    "x-api-key": scene.key,
    ...addressed(scene.id, PROGRAM_PORT),
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
  });
  client.send(`GET /socket HTTP/1.1\r\n${head.map((pair) => `${pair.join(": ")}\r\n`).join("")}\r\n`);
  await waitFor("the WebSocket", () => client.status !== null, 20_000);
  expect(client.status).toBe(101);
  let received = client.text.split("\r\n\r\n")[1]?.length ?? 0;
  client.socket.removeAllListeners("data");
  client.socket.pause();
  client.send(textFrame(`flood ${count}`));
  // While it does not read, requests of others pass and the server keeps little.
  let highest = 0;
  for (let round = 0; round < 40; round += 1) {
    await scene.serves();
    highest = Math.max(highest, (await scene.footprint()).memoryBytes);
  }
  expect(highest - memoryBytes).toBeLessThan(MAX_GROWTH_BYTES);
  client.socket.on("data", (data) => void (received += data.length));
  client.socket.resume();
  // 65,536 bytes need the long form of a frame's head.
  await waitFor("all of it", () => received >= count * (CHUNK.length + 10), 60_000);
  expect(received).toBe(count * (CHUNK.length + 10));
});

test("a program that does not read costs its client the connection, not the server its memory", async () => {
  const { memoryBytes } = await scene.footprint();
  const client = await dialThrough(scene.server.url, "/", {
    headers: { "x-api-key": scene.key, ...addressed(scene.id, DEAF_PORT) },
  });
  const closed = new Promise<number>((resolve) => {
    client.addEventListener("close", ({ code }) => resolve(code));
  });
  for (let count = 0; count < 2_000; count += 1) client.send(CHUNK);
  expect([1006, 1013]).toContain(await closed);
  await scene.serves();
  expect((await scene.footprint()).memoryBytes - memoryBytes).toBeLessThan(MAX_GROWTH_BYTES);
});
