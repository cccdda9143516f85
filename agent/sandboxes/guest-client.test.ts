import { expect, test } from "bun:test";

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

test("what is given up before it began does not begin", async () => {
  const init = initGuest(ADDRESS, { accessToken: "token" }, AbortSignal.abort());
  await expect(init).rejects.toThrow("did not answer in time");
});
