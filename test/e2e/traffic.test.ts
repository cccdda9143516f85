/** Clients of programs in real sandboxes, through a real server and a real host whose connection is pinned. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { signatureOf } from "../../proto/file-signature.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import { accessTokens, trafficTokens } from "../../server/sandboxes/access-token.ts";
import { digestOfGuestBytes, GUEST_PROGRAM } from "../support/guest-program.ts";
import { HostLab } from "../support/host-lab.ts";
import { addressed, dialThrough, hexOf, trafficFetch } from "../support/traffic.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(180_000);

const PORT = 8_080;
const MB = 1 << 20;
const isSoak = process.env["WRENN_TEST_SOAK"] === "1";
const LARGE_BYTES = (isSoak ? 1_000 : 100) * MB;

let lab: HostLab;
let trafficKey: Uint8Array;
let id: string;
/** Of another sandbox of the same team. */
let other: string;

beforeAll(async () => {
  lab = await HostLab.start({ hosts: 1 });
  const [row] = await lab.database.ownerSql<
    { value: string }[]
  >`select value from settings where key = 'traffic_key'`;
  trafficKey = Buffer.from(row?.value ?? "", "base64url");
  id = await withProgram();
  other = await lab.api.create({ timeout_sec: 0 });
});
afterAll(() => lab[Symbol.asyncDispose]());

const accessToken = (sandboxId = id) => accessTokens(trafficKey)(parseSandboxId(sandboxId) ?? "");
const trafficToken = (sandboxId = id) => trafficTokens(trafficKey)(parseSandboxId(sandboxId) ?? "");

type Asked = BunFetchRequestInit & { sandboxId?: string; port?: number; path?: string };

/** With the team's key, unless `headers` says otherwise. */
const ask = ({
  sandboxId = id,
  port = PORT,
  headers = { "x-api-key": lab.api.apiKey },
  ...init
}: Asked = {}) => trafficFetch(lab.server.url, { sandboxId, port, headers, ...init });

const startProgram = async (sandboxId: string, port = PORT, address = "0.0.0.0"): Promise<void> => {
  const file = `${lab.server.url}/v1/sandboxes/${sandboxId}/files?path=program.py`;
  await fetch(file, { method: "PUT", headers: { "x-api-key": lab.api.apiKey }, body: GUEST_PROGRAM });
  await lab.api.ok(`/${sandboxId}/exec`, { cmd: `python3 program.py ${port} ${address}`, background: true });
  await waitFor("the program listens", async () => (await ask({ sandboxId, port })).status === 200, 60_000);
};

const withProgram = async (body: object = {}): Promise<string> => {
  const sandboxId = await lab.api.create({ timeout_sec: 0, ...body });
  await startProgram(sandboxId);
  return sandboxId;
};

const status = async (asked: Asked): Promise<number> => {
  const answer = await ask(asked);
  await answer.body?.cancel();
  return answer.status;
};

const socketTo = (sandboxId = id) =>
  dialThrough(lab.server.url, "/socket", {
    headers: { "x-api-key": lab.api.apiKey, ...addressed(sandboxId, PORT) },
    protocols: ["chat"],
  });

/** `reset` when the body broke off, `whole` when it looked finished. */
const endOf = (answer: Response): Promise<string> =>
  answer.text().then(
    () => "whole",
    () => "reset",
  );

const closeCode = (socket: Bun.WebSocket): Promise<number> =>
  new Promise((resolve) => {
    socket.addEventListener("close", ({ code }) => resolve(code));
  });

describe("a program's port", () => {
  test("is reached by headers and by host name", async () => {
    const seen = (await (await ask({ path: "/a%2Fb?c=d" })).json()) as { path: string };
    expect(seen.path).toBe("/a%2Fb?c=d");
    const host = `${PORT}-${hexOf(id)}.sbx.example.com`;
    const byHost = await fetch(`${lab.server.url}/v1/sandboxes`, {
      headers: { host, "x-api-key": lab.api.apiKey },
    });
    expect(await byHost.json()).toMatchObject({ path: "/v1/sandboxes", headers: { host } });
  });

  test("passes messages, protocol and close code", async () => {
    const socket = await socketTo();
    expect(socket.protocol).toBe("chat");
    const received: unknown[] = [];
    socket.addEventListener("message", ({ data }) => received.push(data));
    socket.send("text");
    socket.send(Buffer.from([0, 1, 255]));
    await waitFor("the echoes", () => received.length === 2, 30_000);
    expect(received).toEqual(["text", Buffer.from([0, 1, 255])]);
    const code = closeCode(socket);
    socket.close(4_001, "bye");
    expect(await code).toBe(4_001);
  });

  test("streams as the program writes, and tells it who left", async () => {
    const answer = await ask({ path: "/ticks" });
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toStartWith("tick");
    await reader?.cancel();
    await waitFor(
      "the program notices",
      async () => (await lab.api.run(id, "cat left 2>/dev/null || true")) === "yes",
      30_000,
    );
  });

  test("is refused when it is closed, and reachable when it is bound to 127.0.0.1", async () => {
    const closed = await ask({ port: 9_090 });
    expect([closed.status, await closed.json()]).toEqual([
      502,
      {
        sandboxId: hexOf(id),
        message: "The sandbox is running but port is not open",
        port: 9_090,
        code: 502,
      },
    ]);
    await startProgram(id, 9_090, "127.0.0.1");
    expect(await status({ port: 9_090 })).toBe(200);
  });

  test("is private: token, key or preview link open it, another sandbox's token does not", async () => {
    const none = { headers: {} };
    expect(await status(none)).toBe(403);
    expect(await status({ headers: { "e2b-traffic-access-token": trafficToken() } })).toBe(200);
    expect(await status({ headers: { "e2b-traffic-access-token": trafficToken(other) } })).toBe(403);
    const link = (await lab.api.ok(`/${id}/preview-urls`, { port: PORT })) as unknown as { path_url: string };
    const first = await fetch(link.path_url, { redirect: "manual" });
    const cookie = first.headers.get("set-cookie")?.split(";")[0] ?? "";
    const page = await fetch(new URL(`${first.headers.get("location")}x?y=1`, link.path_url), {
      headers: { cookie },
    });
    expect([page.status, ((await page.json()) as { path: string }).path]).toEqual([200, "/x?y=1"]);
    expect((await fetch(page.url)).status).toBe(403);
  });
});

describe("the guest agent's port", () => {
  const guest = (path: string, token: string | null, init: BunFetchRequestInit = {}) =>
    ask({
      port: GUEST_PORT,
      path,
      ...init,
      headers: {
        ...(init.headers as Record<string, string>),
        ...(token !== null && { "x-access-token": token }),
      },
    });

  test("asks for its own sandbox's token", async () => {
    expect((await guest("/health", null)).status).toBe(204);
    for (const [token, expected] of [
      [accessToken(), 200],
      [accessToken(other), 401],
      [trafficToken(), 401],
      [null, 401],
    ] as const) {
      expect((await guest("/metrics", token)).status).toBe(expected);
      const list = await guest("/process.Process/List", token, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      expect(list.status).toBe(expected);
    }
  });

  test("hides what is the host's own, however it is spelled", async () => {
    for (const path of [
      "/init",
      "//init",
      "/%69nit",
      "/x/../init",
      "/INIT",
      "/init?x",
      "/ports",
      "/expose",
    ]) {
      const answer = await guest(path, accessToken(), { method: "POST", body: "{}" });
      expect([path, answer.status]).toEqual([path, 404]);
    }
  });

  test("gives files: whole, in part, their head, and by signed link without any header", async () => {
    const path = "/files?path=data.txt";
    const form = new FormData();
    form.append("file", new File(["0123456789"], "data.txt"));
    expect((await guest(path, accessToken(), { method: "POST", body: form })).status).toBe(200);
    expect(await (await guest(path, accessToken())).text()).toBe("0123456789");
    const part = await guest(path, accessToken(), { headers: { range: "bytes=2-4" } });
    expect([part.status, part.headers.get("content-range"), await part.text()]).toEqual([
      206,
      "bytes 2-4/10",
      "234",
    ]);
    const head = await guest(path, accessToken(), { method: "HEAD" });
    expect([head.status, head.headers.get("content-length"), await head.text()]).toEqual([200, "10", ""]);
    const fields = { path: "data.txt", user: "", operation: "read", expiration: null } as const;
    const signature = signatureOf({ ...fields, accessToken: accessToken() });
    const link = `${lab.server.url}/files?${new URLSearchParams({ path: fields.path, signature })}`;
    const signed = await fetch(link);
    expect([signed.status, await signed.text()]).toEqual([200, "0123456789"]);
    expect(signed.headers.get("content-disposition")).toBe("attachment");
    expect((await fetch(`${link}x`)).status).toBe(400);
  });

  test("answers browsers' questions itself", async () => {
    const answer = await fetch(`${lab.server.url}/files`, {
      method: "OPTIONS",
      headers: {
        host: `${GUEST_PORT}-${hexOf(id)}.sbx.example.com`,
        origin: "https://app.example.com",
        "access-control-request-method": "POST",
        "access-control-request-headers": "x-access-token",
      },
    });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  });
});

/** Resident memory in bytes; `VmHWM` is the highest since it was last begun anew. */
const memoryOf = async (pid: number, field: "VmRSS" | "VmHWM"): Promise<number> => {
  const text = await Bun.file(`/proc/${pid}/status`).text();
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]) * 1_024;
};

test("large bodies pass whole both ways, and neither server nor agent keeps them", async () => {
  const [host] = lab.hosts;
  const pids = { server: lab.server.pid, agent: host?.agent.pid ?? 0 };
  // What code and connections need is there after a first round.
  const up = async (count: number): Promise<void> => {
    const hasher = new Bun.CryptoHasher("sha256");
    const piece = new Uint8Array(256 * 1_024);
    let left = count;
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const part = crypto
            .getRandomValues(piece.slice(0, Math.min(left, piece.length) || 1))
            .subarray(0, left);
          hasher.update(part);
          left -= part.length;
          if (part.length > 0) controller.enqueue(part);
          if (left === 0) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const answer = await ask({ method: "POST", path: "/hash", body });
    expect(await answer.text()).toBe(hasher.digest("hex"));
  };
  const down = async (count: number): Promise<void> => {
    const answer = await ask({ path: `/bytes?count=${count}` });
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const piece of answer.body ?? []) hasher.update(piece);
    expect(hasher.digest("hex")).toBe(digestOfGuestBytes(count));
  };
  await up(10 * MB);
  await down(10 * MB);
  const before = { server: await memoryOf(pids.server, "VmRSS"), agent: await memoryOf(pids.agent, "VmRSS") };
  for (const pid of Object.values(pids)) await Bun.write(`/proc/${pid}/clear_refs`, "5");
  await up(LARGE_BYTES);
  await down(LARGE_BYTES);
  for (const name of ["server", "agent"] as const) {
    const grown = (await memoryOf(pids[name], "VmHWM")) - before[name];
    console.log(`${name}: grew by ${(grown / MB).toFixed(1)} MB`);
    expect([name, grown < 50 * MB]).toEqual([name, true]);
  }
}, 600_000);

test("a quiet sandbox is kept awake by an open stream, pauses without, and is woken by the next request", async () => {
  const sleepy = await withProgram({ timeout_sec: 3, auto_resume: true });
  const reader = (await ask({ sandboxId: sleepy, path: "/ticks" })).body?.getReader();
  // One each 200 ms: longer than its timeout.
  for (let ticks = 0; ticks < 20; ticks += 1) expect((await reader?.read())?.done).toBe(false);
  expect((await lab.api.read(sleepy)).status).toBe("running");
  await reader?.cancel();
  await waitFor("it pauses", async () => (await lab.api.read(sleepy)).status === "paused", 30_000);
  const answers = await Promise.all(Array.from({ length: 5 }, () => status({ sandboxId: sleepy })));
  expect(answers).toEqual([200, 200, 200, 200, 200]);
  expect(await lab.story(sleepy)).toEqual(["create", "pause", "resume"]);
});

test("a destroyed sandbox's streams break at once, and nothing of it is there afterwards", async () => {
  const doomed = await withProgram();
  const stream = endOf(await ask({ sandboxId: doomed, path: "/ticks" }));
  const code = closeCode(await socketTo(doomed));
  const upload = ask({
    sandboxId: doomed,
    method: "POST",
    path: "/hash",
    body: new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(1_000)),
    }),
  }).then(
    (answer) => answer.status,
    () => "reset",
  );
  await lab.api.remove(doomed);
  expect(await stream).toBe("reset");
  expect(await code).toBe(1006);
  expect(["reset", 502]).toContain(await upload);
  expect(await status({ sandboxId: doomed })).toBe(502);
});

test("a pause breaks what does not end by itself", async () => {
  const resting = await withProgram();
  const stream = endOf(await ask({ sandboxId: resting, path: "/ticks" }));
  const code = closeCode(await socketTo(resting));
  await lab.api.pause(resting);
  expect([await stream, await code]).toEqual(["reset", 1006]);
  expect(await status({ sandboxId: resting })).toBe(502);
  await lab.api.resume(resting);
  expect(await status({ sandboxId: resting })).toBe(200);
});
