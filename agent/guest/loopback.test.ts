import { expect, test } from "bun:test";
import { createServer, type Server } from "node:net";

import { LoopbackRelays } from "./loopback.ts";
import { listeningSockets } from "./ports.ts";

/** Another address of the loopback interface stands in for the machine's own. */
const OUTER = "127.0.0.9";

const serveLoopback = () =>
  new Promise<{ server: Server; port: number }>((resolve) => {
    const server = createServer((socket) => socket.pipe(socket));
    server.listen({ host: "127.0.0.1", port: 0 }, () => {
      const address = server.address();
      resolve({ server, port: typeof address === "object" ? (address?.port ?? 0) : 0 });
    });
  });

const echo = async (port: number): Promise<string> => {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname: OUTER,
    port,
    socket: { data: (_, bytes) => resolve(bytes.toString()), close: () => reject(new Error("closed")) },
  });
  socket.write("ping");
  try {
    return await promise;
  } finally {
    socket.end();
  }
};

test("bytes pass both ways while the server behind is there", async () => {
  const { server, port } = await serveLoopback();
  const relays = new LoopbackRelays(OUTER, listeningSockets);
  expect(await relays.expose(port)).toBe(true);
  expect(await relays.expose(port)).toBe(true);
  expect(await echo(port)).toBe("ping");
  server.close();
  const deadlineMs = Date.now() + 5_000;
  while (listeningSockets().includes(port) && Date.now() < deadlineMs) await Bun.sleep(20);
  expect(listeningSockets()).not.toContain(port);
  expect(await relays.expose(port)).toBe(false);
});
