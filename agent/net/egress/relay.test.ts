/** Relays between real sockets: what arrives, in which order things end, and what is held meanwhile. */
import { afterEach, describe, expect, test } from "bun:test";
import { connect, createServer, type Server, type Socket } from "node:net";

import { waitFor } from "../../../test/support/wait-for.ts";
import type { Filter } from "./direction.ts";
import { HoldBudget } from "./hold-budget.ts";
import { Relay } from "./relay.ts";
import { idleSink, type Sink, sinkHandlers, type TcpSocket } from "./sockets.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const all: Filter = (bytes) => bytes;

interface Scene {
  guest: Socket;
  server: Socket;
  relay: Relay;
}

interface SceneOptions {
  fromGuest?: Filter;
  serverEndsAll?: boolean;
  budget?: HoldBudget;
}

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });

/** A guest and a server that speak through a relay. */
const openScene = async (options: SceneOptions = {}): Promise<Scene> => {
  const serverSide = Promise.withResolvers<Socket>();
  const origin = createServer({ allowHalfOpen: true }, (socket) => serverSide.resolve(socket));
  const originPort = await listening(origin);
  const guestSide = Promise.withResolvers<TcpSocket>();
  const gate = Bun.listen<{ sink: Sink }>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    data: { sink: idleSink() },
    socket: {
      ...sinkHandlers,
      open: (socket) => {
        socket.data = { sink: idleSink() };
        socket.pause();
        guestSide.resolve(socket);
      },
    },
  });
  const guest = connect({ host: "127.0.0.1", port: gate.port, allowHalfOpen: true });
  const up = await Bun.connect<{ sink: Sink }>({
    hostname: "127.0.0.1",
    port: originPort,
    allowHalfOpen: true,
    data: { sink: idleSink() },
    socket: { ...sinkHandlers, open: (socket) => socket.pause() },
  });
  const { fromGuest = all, serverEndsAll = false, budget = new HoldBudget() } = options;
  const relay = new Relay({
    guest: await guestSide.promise,
    server: up,
    fromGuest,
    fromServer: all,
    serverEndsAll,
    budget,
  });
  relay.begin(Buffer.alloc(0), Buffer.alloc(0));
  const server = await serverSide.promise;
  for (const socket of [guest, server]) socket.on("error", () => undefined);
  closers.push(() => {
    guest.destroy();
    server.destroy();
    origin.close();
    gate.stop(true);
  });
  return { guest, server, relay };
};

/** Collects what comes; `ended` at the other side's end, `closed` when the socket is gone. */
const follow = (socket: Socket) => {
  const seen = { bytes: 0, text: "", ended: false, closed: false };
  socket.on("data", (bytes: Buffer) => {
    seen.bytes += bytes.length;
    if (seen.text.length < 1_000) seen.text += bytes.toString("latin1");
  });
  socket.once("end", () => (seen.ended = true));
  socket.once("close", () => (seen.closed = true));
  return seen;
};

const MB = 1024 * 1024;

describe("a relay", () => {
  test("passes both ways, each way's end by itself", async () => {
    const { guest, server, relay } = await openScene();
    const [atGuest, atServer] = [follow(guest), follow(server)];
    guest.end("question");
    await waitFor("the question is whole", () => atServer.ended);
    expect(atServer.text).toBe("question");
    expect(atGuest.ended).toBe(false);
    server.end("answer");
    await waitFor("the answer is whole", () => atGuest.ended);
    expect(atGuest.text).toBe("answer");
    await relay.closed;
  });

  test("holds little for a slow reader, and loses nothing", async () => {
    const budget = new HoldBudget();
    let most = 0;
    const take = budget.take.bind(budget);
    let held = 0;
    budget.take = (bytes) => {
      held += bytes;
      most = Math.max(most, held);
      return take(bytes);
    };
    const give = budget.give.bind(budget);
    budget.give = (bytes) => {
      held -= bytes;
      give(bytes);
    };
    const { guest, server, relay } = await openScene({ budget });
    guest.pause();
    server.end(Buffer.alloc(48 * MB, 1));
    await waitFor("bytes are held", () => held > 0);
    const atGuest = follow(guest);
    guest.resume();
    await waitFor("all has arrived", () => atGuest.ended, 20_000);
    expect(atGuest.bytes).toBe(48 * MB);
    expect(most).toBeLessThanOrEqual(MB);
    expect(held).toBe(0);
    guest.end();
    await relay.closed;
  }, 30_000);

  test("breaks off when more is held than may be", async () => {
    const budget = new HoldBudget(1_000);
    const { guest, server } = await openScene({ budget });
    const atServer = follow(server);
    guest.pause();
    server.write(Buffer.alloc(48 * MB, 1));
    await waitFor("the server is cut off", () => atServer.closed, 10_000);
    expect(budget.take(1_000)).toBe(true);
  }, 20_000);

  test.each(["guest", "server"] as const)("a reset of the %s resets the other", async (side) => {
    const scene = await openScene();
    const other = side === "guest" ? scene.server : scene.guest;
    const atOther = follow(other);
    scene[side].resetAndDestroy();
    await waitFor("the other is gone", () => atOther.closed);
    await scene.relay.closed;
  });

  test("a server that answers and closes while the guest still sends is heard to the end", async () => {
    const { guest, server, relay } = await openScene();
    const atGuest = follow(guest);
    guest.write(Buffer.alloc(MB, 2));
    await waitFor("it has begun", () => server.bytesRead > 0);
    server.end(Buffer.alloc(4 * MB, 3), () => server.destroy());
    await waitFor("the answer is whole", () => atGuest.bytes === 4 * MB);
    guest.end();
    await relay.closed;
  });

  test("of one request the server's end ends all, once the guest has read it", async () => {
    const { guest, server, relay } = await openScene({ serverEndsAll: true });
    const [atGuest, atServer] = [follow(guest), follow(server)];
    server.end("answer");
    await waitFor("the guest has it", () => atGuest.ended);
    await waitFor("the server is let go", () => atServer.closed);
    guest.write("more");
    guest.end();
    await relay.closed;
    expect(atServer.text).toBe("");
  });

  test("what the filter leaves out is not passed on, and what it objects to ends all", async () => {
    const { guest, server, relay } = await openScene({
      fromGuest: (bytes) => (bytes.includes("!") ? null : bytes.subarray(0, 2)),
    });
    const atServer = follow(server);
    guest.write("abc");
    await waitFor("the server has it", () => atServer.text === "ab");
    guest.write("!");
    await relay.closed;
    expect(atServer.text).toBe("ab");
  });
});
