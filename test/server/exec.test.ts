/** Commands and files through the server and a real guest agent, which runs on this machine. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { canRunGuestAgent, type GuestAgent, startGuestAgent } from "../guest/guest-agent.ts";
import { Dialogue } from "../support/dialogue.ts";
import { call, createKey, signUp, startTestServer, type TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

interface ExecBody {
  pid: number;
  stdout: string;
  stderr: string;
  encoding: string;
  exit_code: number | null;
  signal: string | null;
  truncated: boolean;
  timed_out: boolean;
  error?: { code: string; message: string; field?: string };
  [field: string]: unknown;
}

// Machines that run tests run much besides.
setDefaultTimeout(60_000);

describe.skipIf(!canRunGuestAgent)("with a guest agent", () => {
  let server: TestServer;
  let apiKey: string;
  let host: StandInHost;
  let guest: GuestAgent;
  let base: string;

  beforeAll(async () => {
    server = await startTestServer();
    const admin = await signUp(server.url);
    apiKey = await createKey(server.url, admin);
    host = await StandInHost.join(server.url, admin.token);
    guest = await startGuestAgent();
    host.guestUrl = guest.url;
    const made = await call<{ id: string }>(server.url, "/v1/sandboxes", {
      apiKey,
      body: { template: "minimal" },
    });
    base = `/v1/sandboxes/${made.body.id}`;
  });
  afterAll(async () => {
    await guest.stop();
    await host.stop();
    await server.stop();
  });

  const exec = async (body: Record<string, unknown>) =>
    call<ExecBody>(server.url, `${base}/exec`, { apiKey, body });
  const isRunning = (text: string): boolean =>
    Bun.spawnSync(["pgrep", "-f", text]).stdout.toString().trim() !== "";

  describe("exec", () => {
    test("a line for the shell", async () => {
      const { status, body } = await exec({ cmd: "echo out; echo err >&2; exit 3" });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        stdout: "out\n",
        stderr: "err\n",
        encoding: "utf8",
        exit_code: 3,
        signal: null,
        truncated: false,
        timed_out: false,
      });
    });

    test("a program with arguments, environment and directory", async () => {
      const { body } = await exec({
        cmd: "sh",
        args: ["-c", 'echo "$1 $COLOUR $(pwd) $(whoami)"', "sh", "a  b"],
        envs: { COLOUR: "red" },
        cwd: "/tmp",
      });
      expect(body.stdout).toBe("a  b red /tmp user\n");
    });

    test("stdin, to its end", async () => {
      const stdin = "line\n".repeat(100_000);
      const { body } = await exec({ cmd: "wc -c", stdin });
      expect(body.stdout.trim()).toBe(String(stdin.length));
      expect((await exec({ cmd: "cat" })).body).toMatchObject({ stdout: "", exit_code: 0 });
    });

    test("bytes that are no text come as base64", async () => {
      const { body } = await exec({ cmd: "printf '\\377\\000'" });
      expect(body).toMatchObject({ encoding: "base64", stdout: "/wA=" });
    });

    test("more output than is kept is cut, and the command still ends", async () => {
      const { body } = await exec({ cmd: "head -c 6000000 /dev/zero | tr '\\0' x" });
      expect([body.stdout.length, body.truncated, body.exit_code]).toEqual([4 << 20, true, 0]);
    });

    test("a signal is named", async () => {
      const { body } = await exec({ cmd: "kill -TERM $$" });
      expect(body).toMatchObject({ exit_code: -1, signal: "SIGTERM" });
    });

    test("time runs out for the whole group, and the output so far is told", async () => {
      const mark = `sleep 71.${process.pid}`;
      const { status, body } = await exec({ cmd: `echo begun; ${mark} & ${mark}`, timeout_sec: 1 });
      expect(status).toBe(200);
      expect(body).toMatchObject({ stdout: "begun\n", timed_out: true, signal: "SIGKILL" });
      await waitFor("the group is gone", () => !isRunning(mark));
    });

    test("a client that leaves takes its command with it", async () => {
      const mark = `sleep 72.${process.pid}`;
      const left = new AbortController();
      const request = fetch(`${server.url}${base}/exec`, {
        method: "POST",
        headers: { "x-api-key": apiKey, "content-type": "application/json" },
        body: JSON.stringify({ cmd: mark }),
        signal: left.signal,
      });
      await waitFor("it runs", () => isRunning(mark));
      left.abort();
      await request.catch(() => null);
      await waitFor("it is gone", () => !isRunning(mark));
    });

    test("in the background it outlives its request", async () => {
      const mark = `sleep 73.${process.pid}`;
      const { body } = await exec({ cmd: `exec ${mark}`, background: true });
      expect(body).toMatchObject({ exit_code: null, stdout: "" });
      expect(isRunning(mark)).toBe(true);
      await exec({ cmd: `kill ${body.pid}` });
      await waitFor("it is gone", () => !isRunning(mark));
    });

    test("in the background nobody waits for its input to be read", async () => {
      const mark = `sleep 76.${process.pid}`;
      const { status, body } = await exec({
        cmd: `exec ${mark}`,
        stdin: "x".repeat(600_000),
        background: true,
      });
      expect(status).toBe(200);
      await exec({ cmd: `kill ${body.pid}` });
      await waitFor("it is gone", () => !isRunning(mark));
    });

    test("what cannot be is told clearly", async () => {
      const missing = await exec({ cmd: "pwd", cwd: "/nowhere" });
      expect([missing.status, missing.body.error?.field]).toEqual([400, "cwd"]);
      const nobody = await exec({ cmd: "id", user: "martian" });
      expect([nobody.status, nobody.body.error?.field]).toEqual([400, "user"]);
      expect((await exec({ cmd: "" })).status).toBe(400);
      expect((await exec({ cmd: "ls", args: "x" })).status).toBe(400);
    });
  });

  const open = (path: string, headers: Record<string, string>): Dialogue =>
    new Dialogue(`${server.url.replace("http", "ws")}${base}/${path}`, headers);

  describe("a terminal", () => {
    const terminal = () => open("pty", { "x-api-key": apiKey });

    test("has the size it was given, and takes a new one", async () => {
      const socket = terminal();
      await socket.say({ type: "start", cols: 91, rows: 33 });
      await socket.input("stty size\n");
      await socket.heard(({ output }) => output.includes("33 91"));
      await socket.say({ type: "resize", cols: 50, rows: 20 });
      await socket.input("stty size; exit 3\n");
      await socket.closed;
      expect(socket.output).toContain("20 50");
      expect(socket.messages).toEqual([
        { type: "started", tag: expect.any(String), pid: expect.any(Number) },
        { type: "exit", exit_code: 3 },
      ]);
    });

    test("outlives its socket; another finds it by its tag and sees what was there", async () => {
      const first = terminal();
      await first.say({ type: "start", cols: 80, rows: 24, tag: "mine" });
      await first.input("echo $((40 + 2)) is what was there\n");
      await first.heard(({ output }) => output.includes("42 is what was there"));
      first.close();
      await first.closed;
      const second = terminal();
      await second.say({ type: "connect", tag: "mine" });
      await second.heard(({ output }) => output.includes("42 is what was there"));
      await second.input("echo still $((1 + 1))\n");
      await second.heard(({ output }) => output.includes("still 2"));
      await second.say({ type: "kill" });
      await second.closed;
      expect(second.messages.at(-1)).toEqual({ type: "exit", exit_code: -1, signal: "SIGKILL" });
      const stranger = terminal();
      await stranger.say({ type: "connect", tag: "nobody's" });
      await stranger.closed;
      expect(stranger.messages).toMatchObject([{ type: "error", code: "process_not_found" }]);
    });
  });

  describe("exec over a WebSocket", () => {
    const connect = (headers: Record<string, string>): Dialogue => open("exec/stream", headers);
    const signedIn = () => connect({ "x-api-key": apiKey });

    test("input, output and exit", async () => {
      const socket = signedIn();
      await socket.say({
        type: "start",
        cmd: "while read line; do echo got $line; done; echo end >&2; exit 4",
      });
      await socket.input("one\n");
      await socket.heard(({ output }) => output.startsWith("got one"));
      await socket.input("two\n");
      await socket.say({ type: "eof" });
      await socket.closed;
      expect(socket.messages).toEqual([
        { type: "start", pid: expect.any(Number) },
        { type: "exit", exit_code: 4 },
      ]);
      expect([socket.output, socket.errors]).toEqual(["got one\ngot two\n", "end\n"]);
    });

    test("stop ends it, and a reader that is slow loses nothing", async () => {
      const socket = signedIn();
      await socket.say({ type: "start", cmd: "head -c 20000000 /dev/zero | tr '\\0' x; sleep 74" });
      await socket.heard(({ output }) => output.length === 20_000_000);
      await socket.say({ type: "stop" });
      await socket.closed;
      expect(socket.messages.at(-1)).toEqual({ type: "exit", exit_code: -1, signal: "SIGKILL" });
    });

    test("a closed socket takes its command with it", async () => {
      const socket = signedIn();
      const mark = `sleep 75.${process.pid}`;
      await socket.say({ type: "start", cmd: mark });
      await waitFor("it runs", () => isRunning(mark));
      socket.close();
      await waitFor("it is gone", () => !isRunning(mark));
    });

    test("signing in by the first message, and not at all", async () => {
      const socket = connect({});
      await socket.say({ type: "auth", api_key: apiKey });
      await socket.say({ type: "start", cmd: "echo hello" });
      await socket.closed;
      expect(socket.output).toBe("hello\n");
      const stranger = connect({});
      await stranger.say({ type: "start", cmd: "echo hello" });
      await stranger.closed;
      expect(stranger.messages).toMatchObject([{ type: "error", code: "unauthorized" }]);
      const wrong = connect({});
      await wrong.say({ type: "auth", api_key: "wrn_0" });
      await wrong.closed;
      expect(wrong.messages).toMatchObject([{ type: "error", code: "invalid_api_key" }]);
    });

    test("refuses other sites' pages, and messages it does not know", async () => {
      const foreign = connect({ "x-api-key": apiKey, origin: "https://evil.example" });
      await foreign.closed;
      expect(foreign.messages).toEqual([]);
      const odd = signedIn();
      await odd.say({ type: "dance" });
      await odd.closed;
      expect(odd.messages).toMatchObject([{ type: "error", code: "invalid_request", field: "type" }]);
    });
  });

  describe("files", () => {
    const file = (path: string) => `${server.url}${base}/files?path=${encodeURIComponent(path)}`;
    const send = (
      path: string,
      init: { method?: string; body?: BodyInit; headers?: Record<string, string> } = {},
    ) => fetch(file(path), { ...init, headers: { "x-api-key": apiKey, ...init.headers } });
    const errorOf = async (answer: Response) => ((await answer.json()) as ExecBody).error;

    test("what is put is got, byte for byte, in directories made for it", async () => {
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      const put = await send("deep/er/data.bin", { method: "PUT", body: bytes });
      expect(put.status).toBe(204);
      const got = await send("/home/user/deep/er/data.bin");
      expect(got.headers.get("content-disposition")).toBe("attachment");
      expect(got.headers.get("x-content-type-options")).toBe("nosniff");
      expect(Buffer.from(await got.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
      const part = await send("deep/er/data.bin", { headers: { range: "bytes=10-19" } });
      expect([part.status, part.headers.get("content-range")]).toEqual([206, "bytes 10-19/60000"]);
      expect(Buffer.from(await part.arrayBuffer())).toEqual(Buffer.from(bytes.subarray(10, 20)));
    });

    test("an empty file is a file", async () => {
      expect((await send("empty", { method: "PUT" })).status).toBe(204);
      const got = await send("empty");
      expect([got.status, await got.text()]).toEqual([200, ""]);
    });

    test("larger than any buffer: streamed both ways", async () => {
      const chunk = new Uint8Array(1 << 20).fill(7);
      const count = 300;
      let sent = 0;
      const body = new ReadableStream({
        pull: (controller) => {
          if (sent === count) controller.close();
          else controller.enqueue(chunk);
          sent += 1;
        },
      });
      const before = process.memoryUsage().rss;
      expect((await send("large", { method: "PUT", body })).status).toBe(204);
      const got = await send("large");
      let size = 0;
      for await (const part of got.body ?? []) size += part.byteLength;
      expect(size).toBe(count << 20);
      expect(process.memoryUsage().rss - before).toBeLessThan(150 << 20);
      expect((await send("large", { method: "DELETE" })).status).toBe(204);
    });

    test("list, mkdir and move", async () => {
      const post = (path: string, body: object) =>
        call(server.url, `${base}/files/${path}`, { apiKey, body });
      expect((await post("mkdir", { path: "box/in" })).status).toBe(201);
      expect((await post("mkdir", { path: "box/in" })).status).toBe(409);
      await send("box/a.txt", { method: "PUT", body: "text" });
      expect((await post("move", { source: "box/a.txt", destination: "box/in/b.txt" })).status).toBe(200);
      const list = await call<{ items: { path: string; type: string; size: number }[] }>(
        server.url,
        `${base}/files/list?path=box&depth=2`,
        { apiKey },
      );
      expect(list.body.items).toMatchObject([
        { path: "/home/user/box/in", type: "directory" },
        { path: "/home/user/box/in/b.txt", type: "file", size: 4 },
      ]);
      expect((await send("box", { method: "DELETE" })).status).toBe(204);
      expect((await send("box/in/b.txt")).status).toBe(404);
    });

    test("a path out of the home meets the user's rights, never a 500", async () => {
      const shadow = await send("../../etc/shadow");
      expect([shadow.status, (await errorOf(shadow))?.code]).toEqual([403, "permission_denied"]);
      const missing = await send("no/such");
      expect([missing.status, (await errorOf(missing))?.code]).toEqual([404, "file_not_found"]);
      const directory = await send("/tmp");
      expect([directory.status, (await errorOf(directory))?.field]).toEqual([400, "path"]);
      expect((await send("a\0b")).status).toBe(400);
      expect((await send("/etc/nope", { method: "PUT", body: "x" })).status).toBe(403);
    });
  });
});
