/** What passes between a client and a port of a sandbox, through the server: bytes, heads, streams, sockets. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { digestOfBytes, type EchoProgram, type Seen } from "../support/echo-program.ts";
import { PROGRAM_PORT as PORT, TrafficScene } from "../support/traffic-scene.ts";
import { addressed, dialThrough, hexOf, trafficFetch } from "../support/traffic.ts";
import { waitFor } from "../support/wait-for.ts";

const MB = 1 << 20;

let scene: TrafficScene;
let program: EchoProgram;
let key: string;
let id: string;

beforeAll(async () => {
  scene = await TrafficScene.start();
  ({ program } = scene);
  key = scene.api.apiKey;
  id = await scene.api.create();
});
afterAll(() => scene[Symbol.asyncDispose]());

const ask = (path: string, init: BunFetchRequestInit = {}) => {
  const headers = { "x-api-key": key, ...(init.headers as Record<string, string> | undefined) };
  return trafficFetch(scene.url, { sandboxId: id, port: PORT, path, ...init, headers });
};
const socket = (options: { protocols?: string[] } = {}) =>
  dialThrough(scene.url, "/socket", { headers: { "x-api-key": key, ...addressed(id, PORT) }, ...options });

test("method, path, query and headers arrive as they were sent", async () => {
  const answer = await ask("/a%2Fb//c?q=%20&r", {
    method: "PATCH",
    body: "x",
    headers: { authorization: "Bearer of-the-program", "x-mine": "1" },
  });
  const seen = (await answer.json()) as Seen;
  expect(seen).toMatchObject({ method: "PATCH", path: "/a%2Fb//c?q=%20&r" });
  expect(seen.headers).toMatchObject({
    authorization: "Bearer of-the-program",
    "x-mine": "1",
    "x-forwarded-for": "127.0.0.1",
    "x-forwarded-proto": "http",
    "accept-encoding": expect.any(String),
  });
  expect(answer.headers.get("x-theirs")).toBe("1");
  // The marks of the host's own errors are no program's to give.
  expect(answer.headers.get("wrenn-error")).toBeNull();
});

test("paths that are the API's own here are the sandbox's there", async () => {
  for (const path of ["/", "/health", "/v1/sandboxes", "/docs", "/login", "/openapi.json"]) {
    expect(((await (await ask(path)).json()) as Seen).path).toBe(path);
  }
  const byHost = await fetch(`${scene.url}/v1/me?x=1`, {
    headers: { host: `${PORT}-${hexOf(id)}.sbx.example.com`, "x-api-key": key },
  });
  const seen = (await byHost.json()) as Seen;
  expect([seen.path, seen.headers["host"]]).toEqual(["/v1/me?x=1", `${PORT}-${hexOf(id)}.sbx.example.com`]);
});

test("Wrenn's own secrets stay outside, the program's arrive", async () => {
  const { headers } = (await (
    await ask("/", {
      headers: {
        "e2b-traffic-access-token": "whatever",
        cookie: "mine=1; wrenn_refresh_0=x; __Host-wrenn_refresh_1=y; other=2",
        authorization: `Bearer ${key}`,
      },
    })
  ).json()) as Seen;
  expect(headers["cookie"]).toBe("mine=1; other=2");
  for (const name of ["x-api-key", "e2b-traffic-access-token", "authorization", "wrenn-authorization"]) {
    expect([name, headers[name]]).toEqual([name, undefined]);
  }
  const set = await ask("/cookies");
  expect(set.headers.getSetCookie().map((cookie) => cookie.split(";")[0])).toEqual(["theirs=1", "second=2"]);
});

test("answers are neither unpacked nor followed, and have the status they had", async () => {
  const packed = await ask("/gzip");
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(Buffer.from(Bun.gunzipSync(await packed.bytes())).toString()).toBe("hello");
  const moved = await ask("/moved");
  expect([moved.status, moved.headers.get("location")]).toEqual([302, "/elsewhere"]);
  for (const code of [204, 304, 404, 418, 500, 503])
    expect((await ask(`/status?code=${code}`)).status).toBe(code);
  const head = await ask("/gzip", { method: "HEAD" });
  expect([head.status, Number(head.headers.get("content-length")) > 0, await head.text()]).toEqual([
    200,
    true,
    "",
  ]);
});

test("large bodies pass whole, with a length and in chunks", async () => {
  const count = 20 * MB;
  const down = await ask(`/bytes?count=${count}`);
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const piece of down.body ?? []) hasher.update(piece);
  expect(hasher.digest("hex")).toBe(digestOfBytes(count));
  const body = new Uint8Array(count).map((_, index) => (index * 7) % 253);
  const digest = new Bun.CryptoHasher("sha256").update(body).digest("hex");
  expect(await (await ask("/hash", { method: "POST", body })).text()).toBe(digest);
  const chunked = new Response(body).body?.pipeThrough(new TransformStream());
  expect(await (await ask("/hash", { method: "PUT", body: chunked })).text()).toBe(digest);
});

test("a slow reader slows the program down, a slow program its client", async () => {
  const count = 200 * MB;
  const down = await ask(`/bytes?count=${count}`);
  const reader = down.body?.getReader();
  await reader?.read();
  let before = -1;
  const stands = () => {
    const isSame = program.sent === before;
    before = program.sent;
    return isSame;
  };
  await waitFor("the program to be stopped", stands, 20_000, 100);
  expect(program.sent).toBeLessThan(40 * MB);
  await reader?.cancel();

  let offered = 0;
  const piece = new Uint8Array(64 * 1024);
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        offered += piece.length;
        controller.enqueue(piece);
        if (offered >= count) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
  const leave = new AbortController();
  const up = ask("/slow", { method: "POST", body, signal: leave.signal }).catch(() => null);
  await waitFor("some of it to arrive", () => program.taken > MB, 20_000);
  expect(offered - program.taken).toBeLessThan(40 * MB);
  leave.abort();
  await up;
}, 60_000);

test("events arrive one by one; whoever leaves is missed, and a broken stream is no whole one", async () => {
  const stream = await ask("/ticks");
  const reader = stream.body?.getReader();
  expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe("data: tick\n\n");
  const { left } = program;
  await reader?.cancel();
  await waitFor("the program to notice", () => program.left === left + 1);

  const broken = await ask("/ticks");
  const whole = broken.text().then(
    () => "whole",
    () => "broken",
  );
  await waitFor("the stream to be open", () => {
    program.breakStreams();
    return Bun.peek.status(whole) !== "pending";
  });
  expect(await whole).toBe("broken");
});

test("WebSockets pass text, bytes, nothing, large messages, protocol and close code", async () => {
  const dialled = await socket({ protocols: ["other", "chat"] });
  expect(dialled.protocol).toBe("chat");
  const received: unknown[] = [];
  dialled.addEventListener("message", ({ data }) => received.push(data));
  const large = Buffer.alloc(8 * MB, "large");
  for (const message of ["text", Buffer.from([0, 255, 1]), "", large]) dialled.send(message);
  await waitFor("the echoes", () => received.length === 4);
  expect(received.slice(0, 3)).toEqual(["text", Buffer.from([0, 255, 1]), ""]);
  expect(large.equals(received[3] as Buffer)).toBe(true);
  const closed = new Promise<unknown[]>((resolve) => {
    dialled.addEventListener("close", ({ code, reason }) => resolve([code, reason]));
  });
  dialled.send("close");
  expect(await closed).toEqual([4_001, "asked to"]);

  const broken = await socket();
  expect(broken.protocol).toBe("");
  const end = new Promise<number>((resolve) => {
    broken.addEventListener("close", ({ code }) => resolve(code));
  });
  broken.send("break");
  expect(await end).toBe(1006);
});

test("what takes no WebSocket answers as it answers plainly", async () => {
  const upgrade = {
    connection: "upgrade",
    upgrade: "websocket",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    "sec-websocket-version": "13",
  };
  expect((await ask("/status?code=418", { headers: upgrade })).status).toBe(418);
  const closed = await trafficFetch(scene.url, {
    sandboxId: id,
    port: 4_444,
    headers: { ...upgrade, "x-api-key": key },
  });
  expect(closed.status).toBe(502);
});

test("what is not there is said in the words E2B clients know", async () => {
  const closed = await trafficFetch(scene.url, {
    sandboxId: id,
    port: 4_444,
    headers: { "x-api-key": key },
  });
  expect([closed.status, await closed.json()]).toEqual([
    502,
    expect.objectContaining({
      sandboxId: hexOf(id),
      message: "The sandbox is running but port is not open",
      code: 502,
    }),
  ]);
  const unknown = crypto.randomUUID();
  const missing = await trafficFetch(scene.url, { sandboxId: `sb-${unknown}`, port: PORT });
  expect([missing.status, await missing.json()]).toEqual([
    502,
    { sandboxId: unknown.replaceAll("-", ""), message: "The sandbox was not found", code: 502 },
  ]);
  const bad: Record<string, string>[] = [
    { "e2b-sandbox-id": "nobody" },
    { "e2b-sandbox-id": hexOf(id), "e2b-sandbox-port": "0" },
    { "e2b-sandbox-id": hexOf(id), "e2b-sandbox-port": "65536" },
    { host: `99999-${hexOf(id)}.example.com` },
  ];
  for (const headers of bad) {
    const answer = await fetch(scene.url, { headers });
    expect([answer.status, ((await answer.json()) as { code: number }).code]).toEqual([400, 400]);
  }
});

test("no path leads out of the sandbox it was meant for", async () => {
  const other = await scene.api.create();
  for (const path of [
    `/../../${other}/${PORT}/`,
    `/%2e%2e/%2e%2e/${other}/${PORT}/x`,
    "/../../../wrenn.host.v1.HostService/ListSandboxes",
    "/..\\..\\..\\other",
  ]) {
    const seen = await rawGet(path);
    expect([path, seen]).toEqual([path, expect.stringContaining('"method":"GET"')]);
  }
});

/** Bytes of the answer to a request whose path no client has tidied up. */
const rawGet = (path: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = "";
    const { hostname, port } = new URL(scene.url);
    const head = Object.entries({ host: "x", connection: "close", "x-api-key": key, ...addressed(id, PORT) });
    void Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open: (connection) => {
          connection.write(
            `GET ${path} HTTP/1.1\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
          );
        },
        data: (connection, data) => {
          text += data.toString();
          if (text.includes('"method"')) connection.end();
        },
        close: () => resolve(text),
        error: (_, error) => reject(error),
      },
    });
  });
