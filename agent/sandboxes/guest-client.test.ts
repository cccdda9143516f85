import { afterEach, expect, test } from "bun:test";

import { GUEST_PORT } from "../../proto/guest-port.ts";
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

type Answer = (sent: { attemptId: string }) => string[];

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
          const sent = JSON.parse(bytes.toString()) as { attemptId: string };
          for (const answer of datagram(sent)) own.send(answer, port, address);
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
const yes: Answer = ({ attemptId }) => [JSON.stringify({ attemptId, status: 204, message: "" })];

test("/init goes by datagram, and only its own answer counts", async () => {
  await listen({
    datagram: (sent) => [
      "no JSON",
      "null",
      JSON.stringify({ attemptId: "other", status: 400 }),
      ...yes(sent),
    ],
    http: 204,
  });
  await init();
  expect(asked).toEqual(["datagram"]);
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
  const no: Answer = ({ attemptId }) => [JSON.stringify({ attemptId, status: 400, message: "too early" })];
  await listen({ datagram: no, http: null });
  const cause = await init().then(
    () => null,
    (error: Error) => error.cause,
  );
  expect(String(cause)).toContain("/init answered 400: too early");
});

test("what is given up before it began does not begin", async () => {
  const init = initGuest(ADDRESS, { accessToken: "token" }, AbortSignal.abort());
  await expect(init).rejects.toThrow("did not answer in time");
});
