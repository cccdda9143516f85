import { expect, test } from "bun:test";

import { waitFor } from "../../test/support/wait-for.ts";
import { endOwnConnections, stopProbing } from "./own-connections.ts";

/** Speaks as much HTTP as is needed to tell one connection from another; `closed` resolves once per end. */
const serveConnections = () => {
  let accepted = 0;
  let onClosed: () => void = () => {};
  const listener = Bun.listen<number>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = ++accepted;
      },
      data: (socket) => {
        const body = String(socket.data);
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
      },
      close: () => onClosed(),
    },
  });
  const post = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${listener.port}/`, { method: "POST", body: "x" })).text();
  const nextClosed = () => new Promise<void>((resolve) => (onClosed = resolve));
  return { listener, post, nextClosed, peer: `127.0.0.1:${listener.port}` };
};

test("connections that fetch has kept are not used again", async () => {
  const { listener, post, nextClosed, peer } = serveConnections();
  using _ = { [Symbol.dispose]: () => listener.stop(true) };
  expect([await post(), await post()]).toEqual(["1", "1"]);
  const closed = nextClosed();
  endOwnConnections(peer);
  await closed;
  // A POST is never sent twice: on the ended connection it would have failed.
  expect([await post(), await post()]).toEqual(["2", "2"]);
});

test("those to another port of the address stay", async () => {
  const one = serveConnections();
  const other = serveConnections();
  using _ = {
    [Symbol.dispose]: () => {
      one.listener.stop(true);
      other.listener.stop(true);
    },
  };
  expect([await one.post(), await other.post()]).toEqual(["1", "1"]);
  const closed = one.nextClosed();
  endOwnConnections(one.peer);
  await closed;
  expect([await one.post(), await other.post()]).toEqual(["2", "1"]);
});

test("an answer under way is broken off", async () => {
  const listener = Bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    socket: { data: (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf") },
  });
  using _ = { [Symbol.dispose]: () => listener.stop(true) };
  const peer = `127.0.0.1:${listener.port}`;
  const answer = await fetch(`http://${peer}/`);
  const whole = answer.text();
  endOwnConnections(peer);
  await expect(whole).rejects.toThrow();
}, 10_000);

/** The kernel's timers on this process's side of connections to the port, as in /proc/net/tcp. */
const timersTo = async (port: number): Promise<string[]> => {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const table = await Bun.file("/proc/self/net/tcp").text();
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  return rows.filter((row) => row[2]?.endsWith(remote)).map((row) => row[5]?.split(":")[0] ?? "");
};
const NO_TIMER = "00";
const KEEPALIVE_TIMER = "02";

test("a connection under way is no longer asked for signs of life", async () => {
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>();
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => onAsked() } });
  using _ = { [Symbol.dispose]: () => listener.stop(true) };
  const answer = fetch(`http://127.0.0.1:${listener.port}/`, { timeout: false });
  answer.catch(() => {});
  await asked;
  // Once what was sent is acknowledged. Should this never be, Bun has changed and nothing needs to be stopped.
  await waitFor("the timer", async () => (await timersTo(listener.port))[0] === KEEPALIVE_TIMER, 5_000);
  stopProbing(`127.0.0.1:${listener.port}`);
  expect(await timersTo(listener.port)).toEqual([NO_TIMER]);
}, 10_000);
