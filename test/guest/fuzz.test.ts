/**
 * What hostile clients send a real guest agent: nothing crashes it, hangs it, fills its memory or shows them a
 * file that is not theirs, and the next request is served. The same attacks each time; `WRENN_FUZZ_SEED` and
 * `WRENN_FUZZ_RUNS` give others.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";

import fc from "fast-check";

import { INIT_MAGIC } from "../../agent/guest/init/wire.ts";
import { type Attack, fileAttack, otherAttack, rpcAttack } from "./attacks.ts";
import { shell, until } from "./commands.ts";
import { FileClient, startInitialised, TOKEN, WITH_TOKEN } from "./file-client.ts";
import { canRunGuestAgent, type GuestAgent, OTHER, sendDatagram } from "./guest-agent.ts";

const seed = Number(process.env["WRENN_FUZZ_SEED"] ?? 20_261);
const numRuns = Number(process.env["WRENN_FUZZ_RUNS"] ?? 120);

const SECRET = "the other user's secret";
/** Of one answer; a stream that stays open is left sooner. */
const ANSWER_MS = 10_000;
const STREAM_MS = 200;
/** What Connect's library calls internal though the message was wrong. */
const CLIENTS_FAULT =
  /"code":"internal","message":"(parse binary: |received compressed envelope, but do not know how to)[^"]*"/;
const MAX_GROWTH_KB = 120_000;
const EINVAL = 22;

describe.skipIf(!canRunGuestAgent)("hostile clients of a guest agent", () => {
  let agent: GuestAgent;
  let files: FileClient;
  let before: { pid: string; memoryKb: number };

  const look = async () => {
    const pid = (await files.inside("cat /run/agent.pid", "root")).trim();
    const memoryKb = Number(
      (await files.inside(`grep VmRSS /proc/${pid}/status`, "root")).replaceAll(/\D/g, ""),
    );
    return { pid, memoryKb };
  };

  beforeAll(async () => {
    agent = await startInitialised();
    files = new FileClient(agent);
    await files.inside(`echo "${SECRET}" > ${OTHER.home}/secret; chmod 600 ${OTHER.home}/secret`, "root");
    await files.inside("mkdir fuzz; echo kept > fuzz/kept");
    before = await look();
  });
  afterAll(() => agent?.stop());

  /** What comes of it: the status, and as much of the body as shows what it is. */
  const send = async ({ method, path, headers, body }: Attack): Promise<{ status: number; text: string }> => {
    const gone = new AbortController();
    const response = await fetch(agent.url + path, {
      method,
      headers: { ...WITH_TOKEN, ...headers },
      body,
      signal: AbortSignal.any([gone.signal, AbortSignal.timeout(ANSWER_MS)]),
      redirect: "manual",
      decompress: false,
    });
    const isStream = (response.headers.get("content-type") ?? "").startsWith("application/connect+");
    const leave = setTimeout(() => gone.abort(), isStream ? STREAM_MS : ANSWER_MS);
    let text = "";
    try {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString("latin1");
    } catch (error) {
      if (!isStream) throw error;
    } finally {
      clearTimeout(leave);
    }
    return { status: response.status, text };
  };

  const check = (attacks: fc.Arbitrary<Attack>) =>
    fc.assert(
      fc.asyncProperty(fc.array(attacks, { minLength: 1, maxLength: 8 }), async (together) => {
        for (const { status, text } of await Promise.all(together.map(send))) {
          expect(text).not.toContain(SECRET);
          expect(text).not.toMatch(/node_modules|\bat \w+ \(|\.ts:\d/);
          if (status === 500 || text.includes('"code":"internal"')) expect(text).toMatch(CLIENTS_FAULT);
        }
        expect((await fetch(`${agent.url}/health`)).status).toBe(204);
      }),
      { seed, numRuns, endOnFailure: process.env["WRENN_FUZZ_SEED"] === undefined },
    );

  test("calls: bytes changed, frames cut and lengthened, wrong types and headers", () => check(rpcAttack));
  test("files: paths, queries, forms and headers", () => check(fileAttack));
  test("/init and the rest", () => check(otherAttack));

  test("datagrams: each is answered, and what is no order changes nothing", async () => {
    const body = fc.oneof(
      fc.uint8Array({ minLength: 1, maxLength: 4_000 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      // Lengths that promise more than is there, or too little entropy.
      fc
        .tuple(fc.nat(65_535), fc.nat(15), fc.uint8Array({ maxLength: 1_300 }))
        .map(([hostname, entropy, rest]) => {
          const header = Buffer.alloc(40);
          header.write(INIT_MAGIC);
          header.writeUInt16LE(hostname, 4);
          header.writeUInt16LE(entropy, 6);
          return Buffer.concat([header, rest]);
        }),
    );
    await fc.assert(
      fc.asyncProperty(body, async (bytes) => {
        const answer = await sendDatagram(agent.url, bytes);
        expect([answer.byteLength, answer.readUInt32LE(4)]).toEqual([24, EINVAL]);
      }),
      { seed, numRuns },
    );
    expect(await files.inside("true")).toBe("");
  });

  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: Number(new URL(agent.url).port), host: "127.0.0.1" });
      socket.once("connect", () => resolve(socket));
      socket.once("error", reject);
    });
  /** All it answers until it closes the connection, or says nothing more for a moment. */
  const raw = async (bytes: Uint8Array): Promise<string> => {
    const socket = await open();
    let answer = "";
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    socket.on("data", (data) => (answer += data.toString("latin1")));
    socket.on("error", () => {});
    socket.end(bytes);
    await Promise.race([closed, Bun.sleep(STREAM_MS)]);
    socket.destroy();
    return answer;
  };

  test("bytes that are hardly HTTP, on connections that are half closed", async () => {
    const line = fc.constantFrom(
      "GET /files?path=/etc/shadow HTTP/1.1",
      "GET /../../etc/shadow HTTP/1.1",
      "POST /process.Process/Start HTTP/1.1",
      "POST /files?path=cut HTTP/1.1",
      "OPTIONS * HTTP/1.1",
      "GET http://169.254.169.254/ HTTP/1.1",
      "\0\0 HTTP/9.9",
      "",
    );
    const header = fc.oneof(
      fc.constantFrom(
        "Host: x",
        "Content-Length: 100",
        "Content-Length: -1",
        "Content-Length: 1\r\nContent-Length: 2",
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Expect: 100-continue",
        "Upgrade: websocket\r\nConnection: Upgrade",
        `X-Access-Token: ${TOKEN}`,
        `X-Big: ${"a".repeat(100_000)}`,
        Array.from({ length: 500 }, (_, index) => `X-${index}: y`).join("\r\n"),
      ),
      fc.string({ unit: "binary", maxLength: 40 }),
    );
    const message = fc
      .tuple(line, fc.array(header, { maxLength: 5 }), fc.constantFrom("", "\r\n\r\n"), fc.uint8Array())
      .map(([first, headers, blank, body]) =>
        Buffer.concat([Buffer.from([first, ...headers].join("\r\n") + blank), body]),
      );
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 8, maxLength: 16 }), async (together) => {
        const answers = await Promise.all(together.map(raw));
        for (const answer of answers) expect(answer).not.toMatch(/root:|HTTP\/1.1 500/);
        expect((await fetch(`${agent.url}/health`)).status).toBe(204);
      }),
      { seed, numRuns: Math.ceil(numRuns / 6), endOnFailure: true },
    );
  }, 30_000);

  test("a message beyond the limit is refused, announced or not, in one piece or as a frame", async () => {
    const json = JSON.stringify({ path: "x".repeat(20 << 20) });
    const stat = {
      method: "POST",
      path: "/filesystem.Filesystem/Stat",
      headers: { "content-type": "application/json" },
    };
    const refused = await send({ ...stat, body: Buffer.from(json) });
    expect([refused.status, JSON.parse(refused.text).code]).toEqual([429, "resource_exhausted"]);
    const header = Buffer.alloc(5);
    header.writeUInt32BE(20 << 20, 1);
    const start = { method: "POST", path: "/process.Process/Start" };
    const type = { "content-type": "application/connect+json" };
    const { text } = await send({
      ...start,
      headers: type,
      body: Buffer.concat([header, Buffer.alloc(20 << 20)]),
    });
    expect(text).toContain("resource_exhausted");
  });

  test("1,000 connections that want nothing: the next request is served, and all is given back", async () => {
    const begun = Buffer.from(
      "POST /process.Process/Start HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf",
    );
    const descriptors = async (): Promise<number> =>
      Number(await files.inside(`ls /proc/${before.pid}/fd | wc -l`, "root"));
    const held = await descriptors();
    const sockets = await Promise.all(Array.from({ length: 1_000 }, open));
    sockets.forEach((socket, index) => {
      socket.on("error", () => {});
      if (index % 4 === 1) socket.write(begun.subarray(0, 20));
      if (index % 4 === 2) socket.write(begun);
      if (index % 4 === 3) socket.end(begun);
    });
    expect((await shell(agent.process(), "echo served")).stdout).toBe("served\n");
    for (const socket of sockets) socket.destroy();
    await until("descriptors are given back", async () => (await descriptors()) <= held + 4);
  });

  test("after all that it is the same process, not much larger, and serves", async () => {
    expect((await shell(agent.process(), "echo alive")).stdout).toBe("alive\n");
    const after = await look();
    expect(after.pid).toBe(before.pid);
    expect(after.memoryKb - before.memoryKb).toBeLessThan(MAX_GROWTH_KB);
    await until(
      "what it started has ended",
      async () => (await agent.process().list({})).processes.length === 0,
    );
  });
});
