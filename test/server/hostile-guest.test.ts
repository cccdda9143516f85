/** Root in a sandbox may put any program on the guest agent's port: what it answers must not harm the server. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { endless } from "../support/endless.ts";
import { call, createKey, signUp, startTestServer, type TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";

setDefaultTimeout(60_000);

let server: TestServer;
let apiKey: string;
let host: StandInHost;
let base: string;
let guest: Bun.Server<undefined>;
/** What the program on the guest agent's port does. */
let answer: (request: Request) => Response = () => new Response(null);

beforeAll(async () => {
  guest = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: (request) => answer(request) });
  server = await startTestServer();
  const admin = await signUp(server.url);
  apiKey = await createKey(server.url, admin);
  host = await StandInHost.join(server.url, admin.token);
  host.guestUrl = guest.url.origin;
  const made = await call<{ id: string }>(server.url, "/v1/sandboxes", {
    apiKey,
    body: { template: "minimal" },
  });
  base = `/v1/sandboxes/${made.body.id}`;
});
afterAll(async () => {
  await guest.stop(true);
  await host.stop();
  await server.stop();
});

const download = () =>
  fetch(`${server.url}${base}/files?path=x`, { headers: { "x-api-key": apiKey }, redirect: "manual" });
const exec = () => call(server.url, `${base}/exec`, { apiKey, body: { cmd: "true" } });

test("a redirect is never followed: no request with the server's tokens goes elsewhere", async () => {
  const elsewhere: string[] = [];
  const stranger = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      elsewhere.push(request.url);
      return new Response("a secret of the server's network");
    },
  });
  try {
    for (const status of [301, 302, 303, 307, 308]) {
      answer = () => new Response(null, { status, headers: { location: stranger.url.href } });
      const got = await download();
      expect(got.status).toBeGreaterThanOrEqual(500);
      expect(await got.text()).not.toContain("secret");
      const sent = await fetch(`${server.url}${base}/files?path=x`, {
        method: "PUT",
        headers: { "x-api-key": apiKey },
        body: "text",
      });
      expect(sent.status).toBeGreaterThanOrEqual(500);
      expect((await exec()).status).toBeGreaterThanOrEqual(500);
    }
    expect(elsewhere).toEqual([]);
  } finally {
    await stranger.stop(true);
  }
});

test("an error without end is cut", async () => {
  const long = endless();
  answer = () => new Response(long.body, { status: 404 });
  const got = await download();
  expect(got.status).toBe(404);
  expect(long.sentBytes()).toBeLessThan(32 << 20);
});

test("a message without end is cut, in a stream of messages and alone", async () => {
  // It announces 4 GiB.
  const stream = endless(new Uint8Array([0, 0xff, 0xff, 0xff, 0xff]));
  answer = () => new Response(stream.body, { headers: { "content-type": "application/connect+proto" } });
  expect((await exec()).status).toBeGreaterThanOrEqual(500);
  expect(stream.sentBytes()).toBeLessThan(32 << 20);
  const single = endless();
  answer = () => new Response(single.body, { headers: { "content-type": "application/proto" } });
  const list = await call(server.url, `${base}/files/list?path=x`, { apiKey });
  expect(list.status).toBeGreaterThanOrEqual(500);
  expect(single.sentBytes()).toBeLessThan(64 << 20);
});
