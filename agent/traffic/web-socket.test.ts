/** A WebSocket being dialled when its sandbox leaves the slot must not reach the slot's next guest. */
import { expect, test } from "bun:test";
import { createServer, type Socket } from "node:net";

import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import type { WebSocketRelay } from "../../proto/web-socket-relay.ts";
import { Expiry } from "../sandboxes/expiry.ts";
import { type Live, Sandbox } from "../sandboxes/sandbox.ts";
import { closeDoor } from "../sandboxes/streams.ts";
import { forwardWebSocket, relayHandler } from "./web-socket.ts";

test("closing the door ends a dial that has no answer yet", async () => {
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<Socket>();
  // Takes the connection and the upgrade's bytes, and never answers them.
  const guest = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => onAsked(socket));
  });
  await new Promise<void>((resolve) => guest.listen(0, "127.0.0.1", resolve));
  const address = guest.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;

  const sandbox = new Sandbox(crypto.randomUUID(), crypto.randomUUID());
  // Of what runs, a dial looks at the address alone.
  sandbox.live = { slot: { address: "127.0.0.1" } } as Live;
  sandbox.accepting = true;
  const expiry = new Expiry(new Map(), () => Promise.resolve());
  const target = { sandboxId: sandbox.id, port, pathAndQuery: "/" };
  using server = Bun.serve<WebSocketRelay>({
    port: 0,
    fetch: (request, self) => forwardWebSocket(request, self, sandbox, target, expiry),
    websocket: relayHandler,
  });
  try {
    const answer = fetch(server.url, {
      headers: {
        connection: "upgrade",
        upgrade: "websocket",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-version": "13",
      },
    });
    const socket = await asked;
    const left = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    expect(sandbox.streams.size).toBe(1);
    closeDoor(sandbox);
    expect((await answer).headers.get(HOST_ERROR_HEADER)).toBe("sandbox_not_found");
    await left;
    expect(sandbox.streams.size).toBe(0);
  } finally {
    guest.close();
  }
}, 10_000);
