/** Requests into a sandbox: streamed both ways, untouched, cut when the sandbox goes. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { GUEST_PORT } from "../../proto/guest-port.ts";
import { formatHexId, parseSandboxId } from "../../proto/ids.ts";
import { TestAgent } from "../support/agent.ts";
import { GUEST_PROGRAM } from "../support/guest-program.ts";
import { createSandbox, newSandboxId, shell, trafficFetch } from "../support/sandboxes.ts";
import { waitFor } from "../support/wait-for.ts";

const startProgram = async (sandboxId: string): Promise<void> => {
  await shell(agent, sandboxId, `echo ${btoa(GUEST_PROGRAM)} | base64 -d > /root/program.py`);
  await shell(agent, sandboxId, "cd /root && setsid python3 program.py 8080 > /dev/null 2>&1 < /dev/null &");
  await waitFor(
    "the program in the sandbox",
    async () => (await trafficFetch(agent, sandboxId, 8080, "/")).status === 200,
    30_000,
  );
};

let agent: TestAgent;
let id = "";
beforeAll(async () => {
  agent = await TestAgent.start();
  id = await createSandbox(agent);
  await startProgram(id);
}, 900_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
}, 60_000);

test("path, query and headers arrive as they were sent, the agent's own token does not", async () => {
  const response = await trafficFetch(agent, id, 8080, "/a%2Fb//c?q=%20&r", {
    headers: { authorization: "Bearer of-the-guest", "x-mine": "1", host: "8080-x.example.com" },
  });
  const seen = (await response.json()) as { path: string; headers: Record<string, string> };
  expect(seen.path).toBe("/a%2Fb//c?q=%20&r");
  expect(seen.headers["authorization"]).toBe("Bearer of-the-guest");
  expect(seen.headers["x-mine"]).toBe("1");
  expect(seen.headers["host"]).toBe("8080-x.example.com");
  expect(seen.headers["wrenn-authorization"]).toBeUndefined();
});

test("answers are neither unpacked nor followed", async () => {
  const packed = await trafficFetch(agent, id, 8080, "/gzip", { decompress: false });
  expect(packed.headers.get("content-encoding")).toBe("gzip");
  expect(new TextDecoder().decode(Bun.gunzipSync(await packed.bytes()))).toBe("hello");
  const moved = await trafficFetch(agent, id, 8080, "/moved", { redirect: "manual" });
  expect([moved.status, moved.headers.get("location")]).toEqual([302, "/gzip"]);
});

test("large bodies pass whole, with a length and in chunks", async () => {
  const bytes = crypto.getRandomValues(new Uint8Array(65_536));
  const body = new Uint8Array(4 << 20).map((_, index) => bytes[index % bytes.length] ?? 0);
  const digest = new Bun.CryptoHasher("sha256").update(body).digest("hex");
  const whole = await trafficFetch(agent, id, 8080, "/", { method: "POST", body });
  expect(await whole.text()).toBe(digest);
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      for (let at = 0; at < body.length; at += 100_000) controller.enqueue(body.slice(at, at + 100_000));
      controller.close();
    },
  });
  const chunked = await trafficFetch(agent, id, 8080, "/", { method: "PUT", body: stream });
  expect(await chunked.text()).toBe(digest);
}, 60_000);

test("a stream arrives as it is sent, and ends in the guest when the caller leaves", async () => {
  const leave = new AbortController();
  const response = await trafficFetch(agent, id, 8080, "/ticks", { signal: leave.signal });
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toStartWith("tick");
  leave.abort();
  await waitFor(
    "the guest to notice",
    async () => (await shell(agent, id, "cat /root/left")).stdout === "yes",
    10_000,
  );
}, 60_000);

test("WebSockets pass text, bytes, protocol and close code", async () => {
  const token = await agent.token();
  const Dial = WebSocket as unknown as new (url: string, options: Bun.WebSocketOptions) => Bun.WebSocket;
  const socket = new Dial(`${agent.url.replace("http", "ws")}/traffic/${id}/8080/socket`, {
    headers: { "wrenn-authorization": `Bearer ${token}` },
    protocols: ["chat"],
  });
  socket.binaryType = "nodebuffer";
  const received: unknown[] = [];
  socket.addEventListener("message", ({ data }) => received.push(data));
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("close", reject);
  });
  expect(socket.protocol).toBe("chat");
  socket.send("text");
  socket.send(new Uint8Array([1, 2, 3]));
  await waitFor("the echoes", () => received.length === 2, 10_000);
  expect(received).toEqual(["text", Buffer.from([1, 2, 3])]);
  const closed = new Promise<number>((resolve) => {
    socket.addEventListener("close", ({ code }) => resolve(code));
  });
  socket.close(4_001, "bye");
  expect(await closed).toBe(4_001);
}, 60_000);

test("a port bound to 127.0.0.1 is reachable, and free again when its server has gone", async () => {
  const serve = (address: string) =>
    shell(agent, id, `setsid python3 -m http.server 9090 --bind ${address} > /dev/null 2>&1 < /dev/null &`);
  const status = async () => (await trafficFetch(agent, id, 9_090, "/")).status;
  await serve("127.0.0.1");
  await waitFor("the server on 127.0.0.1", async () => (await status()) === 200, 30_000);
  await shell(agent, id, "pkill -f 'http.server 9090'");
  await waitFor("the port to close", async () => (await status()) === 502, 10_000);
  await serve("0.0.0.0");
  await waitFor("the server on every address", async () => (await status()) === 200, 30_000);
}, 90_000);

test("what is not there is said in the words E2B clients know", async () => {
  const hex = formatHexId(parseSandboxId(id) ?? "");
  const closed = await trafficFetch(agent, id, 4_444, "/");
  expect(closed.status).toBe(502);
  expect(await closed.json()).toEqual({
    sandboxId: hex,
    message: "The sandbox is running but port is not open",
    port: 4_444,
    code: 502,
  });
  const upload = await trafficFetch(agent, id, 4_444, "/", { method: "POST", body: new Uint8Array(1 << 20) });
  expect(upload.status).toBe(502);
  const unknown = newSandboxId();
  const missing = await trafficFetch(agent, unknown, 80, "/");
  expect(missing.status).toBe(502);
  expect(await missing.json()).toEqual({
    sandboxId: formatHexId(parseSandboxId(unknown) ?? ""),
    message: "The sandbox was not found",
    code: 502,
  });
  for (const path of [
    `/traffic/${id}/0/`,
    `/traffic/${id}/65536/`,
    "/traffic/nobody/80/",
    `/traffic/${id}`,
  ]) {
    const headers = { "wrenn-authorization": `Bearer ${await agent.token()}` };
    expect((await fetch(agent.url + path, { headers })).status).toBe(400);
  }
}, 60_000);

test("routes of the guest agent that are the host's own are hidden", async () => {
  const spellings = [
    "/init",
    "/init/",
    "//init",
    "/%69nit",
    "/x/../init",
    "/INIT",
    "/init?x",
    "/./init",
    "/ports",
  ];
  for (const path of spellings) {
    const response = await trafficFetch(agent, id, GUEST_PORT, path, { method: "POST", body: "{}" });
    expect([path, response.status]).toEqual([path, 404]);
  }
  expect((await trafficFetch(agent, id, GUEST_PORT, "/health")).status).toBe(204);
});

test("a destroyed sandbox's streams are reset at once", async () => {
  const doomed = await createSandbox(agent);
  await startProgram(doomed);
  const response = await trafficFetch(agent, doomed, 8080, "/ticks");
  const read = response.text().then(
    () => "ended politely",
    () => "reset",
  );
  await agent.host.destroySandbox({ sandboxId: doomed });
  expect(await read).toBe("reset");
  expect((await trafficFetch(agent, doomed, 8080, "/")).status).toBe(502);
}, 60_000);
