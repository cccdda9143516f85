/**
 * What hostile clients send the server as sandbox traffic: nothing crashes or hangs it, fills its memory or keeps
 * its descriptors, and the next request is served. The same attacks each time; `WRENN_FUZZ_SEED` and
 * `WRENN_FUZZ_RUNS` give others.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import fc from "fast-check";

import { RawConnection } from "../support/raw-connection.ts";
import { type Footprint, TrafficProcess } from "../support/traffic-process.ts";
import { PROGRAM_PORT as PORT } from "../support/traffic-scene.ts";
import { addressed, hexOf, trafficFetch } from "../support/traffic.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(180_000);

const seed = Number(process.env["WRENN_FUZZ_SEED"] ?? 20_261);
const numRuns = Number(process.env["WRENN_FUZZ_RUNS"] ?? 120);

const MAX_GROWTH_BYTES = 120 << 20;
/** Of a request that is whole; one that is not is left after a moment. */
const ANSWER_MS = 20_000;
const MOMENT_MS = 30;

let scene: TrafficProcess;
let url: string;
let previews: string;
let key: string;
let id: string;
let before: Footprint;

beforeAll(async () => {
  scene = await TrafficProcess.start();
  ({ previews, key, id } = scene);
  ({ url } = scene.server);
  before = await scene.footprint();
});
afterAll(() => scene[Symbol.asyncDispose]());

const isUnharmed = async (): Promise<void> => {
  await scene.serves();
  const hasLetGo = async () => (await scene.footprint()).descriptors <= before.descriptors + 20;
  await waitFor("descriptors to be given back", hasLetGo, 20_000);
  const now = await scene.footprint();
  expect(now.pid).toBe(before.pid);
  expect(now.memoryBytes - before.memoryBytes).toBeLessThan(MAX_GROWTH_BYTES);
};

interface Attack {
  where: "server" | "previews";
  /** Sent one after the other. */
  parts: (string | Uint8Array)[];
  then: "wait" | "half-close" | "leave";
}

const noise = fc.string({ unit: "binary", maxLength: 40 });
const token = fc.constantFrom(
  "GET",
  "POST",
  "OPTIONS",
  "HEAD",
  "PUT",
  "TRACE",
  "CONNECT",
  "PURGE",
  "get",
  "G T",
  "",
);
const ids = () => fc.constantFrom(hexOf(id), id, "0".repeat(32), "x", "", "../..", `${hexOf(id)}\0`, "%00");
const ports = fc.constantFrom(String(PORT), "49983", "0", "65536", "-1", "3e3", "", "99999999999999999999");
const path = () =>
  fc
    .array(
      fc.oneof(
        noise,
        fc.constantFrom(
          "/",
          "..",
          "%2e%2e",
          "\\",
          "//",
          "?",
          "#",
          ";",
          "%",
          "%zz",
          "/files?signature=v1_",
          "/preview/",
          "*",
        ),
        ids(),
        ports,
      ),
      { maxLength: 8 },
    )
    .map((pieces) => `/${pieces.join("")}`.replaceAll(/[\r\n ]/g, ""));
const header = () =>
  fc.oneof(
    ids().map((value) => `E2b-Sandbox-Id: ${value}`),
    ports.map((value) => `E2b-Sandbox-Port: ${value}`),
    fc.tuple(ports, ids()).map((parts) => `Host: ${parts.join("-")}.x.example`),
    fc.constantFrom(
      `X-API-Key: ${key}`,
      "Upgrade: websocket\r\nConnection: Upgrade",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: short",
      "Sec-WebSocket-Protocol: a,,b, ,",
      "Content-Length: 5",
      "Content-Length: 99999999999999999999",
      "Content-Length: -1",
      "Transfer-Encoding: chunked",
      "Transfer-Encoding: identity, chunked",
      "Content-Type: application/connect+proto",
      "Connection: keep-alive, content-length, host, e2b-sandbox-id",
      "Range: bytes=9-1,,-",
      "Expect: 100-continue",
      `Cookie: ${"wrenn_preview=x;".repeat(50)}`,
      `X-Long: ${"x".repeat(64 * 1_024)}`,
      "Access-Control-Request-Headers: e2b-sandbox-id",
      "Authorization: Bearer eyJ.eyJ.x",
    ),
    fc
      .tuple(fc.constantFrom("X-Noise", "Host", "Cookie", "Referer", "X Bad", ":"), noise)
      .map((parts) => parts.join(": ")),
  );
const body = fc.oneof(
  fc.uint8Array({ maxLength: 600 }),
  fc.constantFrom(
    "hello",
    "5\r\nhello\r\n0\r\n\r\n",
    "ffffffffffffffff\r\nx",
    "-1\r\n",
    "5;x=y\r\nhel",
    "\x81\xff\xff",
    "\x88\x7e",
  ),
);

const attack = (): fc.Arbitrary<Attack> =>
  fc.record({
    where: fc.constantFrom("server", "previews"),
    parts: fc
      .tuple(
        token,
        path(),
        fc.array(header(), { maxLength: 8 }),
        fc.boolean(),
        fc.array(body, { maxLength: 3 }),
      )
      .map(([method, target, headers, isAddressed, bodies]) => {
        const own = isAddressed ? Object.entries(addressed(id, PORT)).map((pair) => pair.join(": ")) : [];
        const head = [`${method} ${target} HTTP/1.1`, "Host: x", ...own, ...headers, "", ""].join("\r\n");
        return [head, ...bodies];
      }),
    // oxlint-disable-next-line unicorn/no-thenable
    then: fc.constantFrom("wait", "half-close", "leave"),
  });

const carryOut = async ({ where, parts, then }: Attack): Promise<void> => {
  using connection = await RawConnection.to(where === "server" ? url : previews);
  for (const part of parts) connection.send(part);
  if (then === "half-close") connection.halfClose();
  if (then === "leave") return;
  const isOver = () => connection.isOver || connection.status !== null;
  await waitFor("an answer", isOver, MOMENT_MS).catch(() => null);
  // Whatever was wrong with the request, the server did not fail over it, and shows nothing of itself.
  expect(connection.status).not.toBe(500);
  expect(connection.text).not.toMatch(/node_modules|\bat \w+ \(|\.ts:\d/);
};

test("malformed heads, bodies, frames, addresses, and clients that leave or fall silent", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(attack(), { minLength: 1, maxLength: 8 }), async (together) => {
      await Promise.all(together.map(carryOut));
      await scene.serves();
    }),
    { seed, numRuns },
  );
  await isUnharmed();
});

test("frames that are none, over a WebSocket that is open", async () => {
  const head = [
    "GET /socket HTTP/1.1",
    "Host: x",
    ...Object.entries({ ...addressed(id, PORT), "x-api-key": key }).map((pair) => pair.join(": ")),
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
    "",
    "",
  ].join("\r\n");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 2_000 }), { maxLength: 5 }),
      async (frames) => {
        using connection = await RawConnection.to(url);
        connection.send(head);
        await waitFor("the WebSocket", () => connection.status !== null, ANSWER_MS);
        expect(connection.status).toBe(101);
        for (const frame of frames) connection.send(frame);
        connection.halfClose();
        await waitFor("its end", () => connection.isOver, ANSWER_MS);
      },
    ),
    { seed, numRuns: Math.ceil(numRuns / 4) },
  );
  await isUnharmed();
});

test("a thousand connections with half a request each", async () => {
  const connections = await Promise.all(
    Array.from({ length: 1_000 }, (_, index) => RawConnection.to(index % 2 === 0 ? url : previews)),
  );
  for (const [index, connection] of connections.entries()) {
    connection.send(`POST /hash HTTP/1.1\r\nHost: ${PORT}-${hexOf(id)}.x\r\nX-API-Key: ${key}\r\n`);
    // Every tenth gets as far as the program, with a body that does not come.
    if (index % 20 === 0) connection.send("Content-Length: 1000\r\n\r\nsome");
  }
  await scene.serves();
  for (const connection of connections) connection[Symbol.dispose]();
  await isUnharmed();
});

test("more streams than can be passed on: the rest is told so, and the next is served when some have left", async () => {
  const leave = new AbortController();
  const ask = () =>
    trafficFetch(url, {
      sandboxId: id,
      port: PORT,
      path: "/ticks",
      headers: { "x-api-key": key },
      signal: leave.signal,
    });
  // This process sends no more than 256 at once itself.
  const others = Array.from({ length: 230 }, async () => {
    const connection = await RawConnection.to(url);
    const head = Object.entries({ host: "x", "x-api-key": key, ...addressed(id, PORT) });
    connection.send(`GET /ticks HTTP/1.1\r\n${head.map((pair) => `${pair.join(": ")}\r\n`).join("")}\r\n`);
    await waitFor("an answer", () => connection.status !== null, ANSWER_MS);
    return connection;
  });
  const connections = await Promise.all(others);
  const statuses = new Set(connections.map(({ status }) => status));
  expect(statuses).toEqual(new Set([200, 503]));
  const refused = await ask();
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  for (const connection of connections) connection[Symbol.dispose]();
  leave.abort();
  await waitFor(
    "the streams to have left",
    () =>
      scene.serves().then(
        () => true,
        () => false,
      ),
    20_000,
  );
  await isUnharmed();
});
