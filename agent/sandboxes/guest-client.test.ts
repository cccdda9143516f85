import { afterEach, expect, test } from "bun:test";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { INIT_MAGIC } from "../guest/init/wire.ts";
import { exposePort, getFromGuest, initGuest } from "./guest-client.ts";

/** An address of this machine that nothing else listens at. */
const ADDRESS = "127.94.11.7";
const GUEST = { address: ADDRESS, accessToken: "token" };

const withGuest = async (answer: () => Response, work: () => Promise<void>): Promise<void> => {
  const server = Bun.serve({ port: GUEST_PORT, hostname: ADDRESS, fetch: answer });
  try {
    await work();
  } finally {
    await server.stop(true);
  }
};

test("a redirect of a program inside takes the agent nowhere", async () => {
  let reached = 0;
  const elsewhere = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: () => {
      reached += 1;
      return Response.json({ ports: [] });
    },
  });
  const redirect = () => Response.redirect(elsewhere.url.href, 307);
  try {
    await withGuest(redirect, async () => {
      await expect(getFromGuest(GUEST, "/ports", 2_000)).rejects.toThrow("answered 307");
      expect(await exposePort(GUEST, 80, AbortSignal.timeout(2_000))).toBe(false);
      const init = initGuest(ADDRESS, { accessToken: "token" }, AbortSignal.timeout(2_000));
      await expect(init).rejects.toThrow("refused /init");
    });
    expect(reached).toBe(0);
  } finally {
    await elsewhere.stop(true);
  }
});

test("an answer without end is given up", async () => {
  const endless = () =>
    new Response(
      new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) }),
    );
  await withGuest(endless, async () => {
    await getFromGuest(GUEST, "/metrics", 5_000).then(
      () => expect.unreachable(),
      (error: unknown) => expect(String(error)).toContain("larger than"),
    );
  });
});

/** What a guest agent was asked, in order: `datagram` or `http`. */
let asked: string[] = [];
let ends: (() => unknown)[] = [];
afterEach(async () => {
  asked = [];
  for (const end of ends.splice(0)) await end();
});

/** Of the attempt's 16 bytes. */
type Answer = (attempt: Buffer) => Buffer[];

/** A guest agent's two doors; null leaves one closed. A datagram's answers are sent as they are. */
const listen = async (doors: { datagram: Answer | null; http: number | null }): Promise<void> => {
  const { datagram, http } = doors;
  if (datagram !== null) {
    const socket = await Bun.udpSocket({
      hostname: ADDRESS,
      port: GUEST_PORT,
      socket: {
        data: (own, bytes, port, address) => {
          asked.push("datagram");
          for (const answer of datagram(bytes.subarray(24, 40))) own.send(answer, port, address);
        },
      },
    });
    ends.push(() => socket.close());
  }
  if (http !== null) {
    const fetch = () => {
      asked.push("http");
      return new Response(null, { status: http });
    };
    const server = Bun.serve({ port: GUEST_PORT, hostname: ADDRESS, fetch });
    ends.push(() => server.stop(true));
  }
};

const init = (envs: Record<string, string> = {}) =>
  initGuest(ADDRESS, { accessToken: "token", envs }, AbortSignal.timeout(10_000));
const status =
  (errno: number): Answer =>
  (attempt) => {
    const head = Buffer.from(`${INIT_MAGIC}\0\0\0\0`);
    head.writeUInt32LE(errno, 4);
    return [Buffer.concat([head, attempt])];
  };
const yes = status(0);

test("/init goes by datagram", async () => {
  await listen({ datagram: yes, http: 204 });
  await init();
  expect(asked).toEqual(["datagram"]);
});

test.each<[string, Answer]>([
  ["the words of an earlier version", () => [Buffer.from('{"attemptId":null,"status":400}')]],
  ["the answer to another attempt", () => yes(Buffer.alloc(16))],
  ["an answer with more to it", (attempt) => [Buffer.concat([...yes(attempt), Buffer.alloc(1)])]],
  ["that it could not be done", status(11)],
])("/init goes over HTTP, at once, where a datagram's answer is %s", async (_, datagram) => {
  await listen({ datagram, http: 204 });
  const startedMs = performance.now();
  await init();
  expect(asked).toEqual(["datagram", "http"]);
  // Less than an unanswered one is waited for.
  expect(performance.now() - startedMs).toBeLessThan(1_500);
});

test("/init goes over HTTP to a guest agent that knows no datagrams, and what is too long for one", async () => {
  await listen({ datagram: null, http: 204 });
  await init();
  expect(asked).toEqual(["http"]);
  await listen({ datagram: yes, http: null });
  await init({ LONG: "x".repeat(2_000) });
  expect(asked).toEqual(["http", "http"]);
});

test("/init goes over HTTP where a datagram is lost", async () => {
  await listen({ datagram: () => [], http: 204 });
  await init();
  expect(asked).toEqual(["datagram", "http"]);
});

test("a guest agent's refusal is told", async () => {
  await listen({ datagram: status(1), http: 400 });
  const cause = await init().then(
    () => null,
    (error: Error) => error.cause,
  );
  expect(String(cause)).toContain("POST /init answered 400");
});

test("what is given up before it began does not begin", async () => {
  const init = initGuest(ADDRESS, { accessToken: "token" }, AbortSignal.abort());
  await expect(init).rejects.toThrow("did not answer in time");
});
