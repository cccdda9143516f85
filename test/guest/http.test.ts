/** Plain HTTP of a real guest agent: downloads, uploads, signatures, access, and what hostile clients send. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

import { Code, ConnectError } from "@connectrpc/connect";

import { signatureOf } from "../../proto/file-signature.ts";
import { shell, until } from "./commands.ts";
import {
  canRunGuestAgent,
  type GuestAgent,
  initBody,
  OTHER,
  postInit,
  startGuestAgent,
  USER,
} from "./guest-agent.ts";

const TOKEN = "test-token";

describe.skipIf(!canRunGuestAgent)("HTTP of a guest agent", () => {
  let agent: GuestAgent;
  const inside = async (line: string, user: string = USER.name): Promise<string> => {
    const { stdout, stderr, exitCode } = await shell(agent.process(user), line);
    if (exitCode !== 0) throw new Error(`${line}: ${stderr}`);
    return stdout;
  };
  const fileUrl = (query: Record<string, string>): string =>
    `${agent.url}/files?${new URLSearchParams(query)}`;
  const withToken = { "x-access-token": TOKEN };
  const get = (path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
    fetch(fileUrl({ path, username: USER.name }), {
      method,
      headers: { ...withToken, "accept-encoding": "identity", ...headers },
      decompress: false,
    });
  const put = (
    path: string,
    body: BodyInit | null,
    headers: Record<string, string> = {},
    user: string = USER.name,
  ): Promise<Response> =>
    fetch(fileUrl({ path, username: user }), {
      method: "POST",
      headers: { ...withToken, "content-type": "application/octet-stream", ...headers },
      body,
    });
  const messageOf = async (response: Response): Promise<string> => {
    const body: unknown = await response.json();
    return typeof body === "object" && body !== null && "message" in body ? String(body.message) : "";
  };

  beforeAll(async () => {
    agent = await startGuestAgent({ accessToken: TOKEN });
    expect(
      (await postInit(agent.url, initBody({ accessToken: TOKEN, envVars: { SANDBOX: "yes" } }))).status,
    ).toBe(204);
  });
  afterAll(() => agent?.stop());

  describe("downloads", () => {
    const content = crypto.getRandomValues(new Uint8Array(300_000));
    beforeAll(async () => {
      expect((await put("down.bin", content)).status).toBe(200);
    });

    test("the bytes, their length and a validator", async () => {
      const response = await get("down.bin");
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe("application/octet-stream");
      expect(response.headers.get("content-length")).toBe("300000");
      expect(response.headers.get("etag")).toMatch(/^".+"$/);
      expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
    });

    test("HEAD tells the same without the bytes", async () => {
      const response = await get("down.bin", {}, "HEAD");
      expect(response.status).toBe(200);
      expect(response.headers.get("content-length")).toBe("300000");
      expect((await response.arrayBuffer()).byteLength).toBe(0);
    });

    test("an empty file has Content-Length 0, also for a client that takes gzip", async () => {
      await inside(": > empty");
      const response = await get("empty", { "accept-encoding": "gzip" });
      expect(response.headers.get("content-length")).toBe("0");
      expect(response.headers.get("content-encoding")).toBeNull();
    });

    test("gzip when it is accepted, 406 when nothing on offer is", async () => {
      const response = await get("down.bin", { "accept-encoding": "gzip, br" });
      expect(response.headers.get("content-encoding")).toBe("gzip");
      expect(gunzipSync(Buffer.from(await response.arrayBuffer())).equals(content)).toBe(true);
      expect((await get("down.bin", { "accept-encoding": "br, identity;q=0" })).status).toBe(406);
    });

    test.each([
      ["bytes=0-9", 206, "bytes 0-9/300000", 0, 10],
      ["bytes=299990-", 206, "bytes 299990-299999/300000", 299_990, 300_000],
      ["bytes=-5", 206, "bytes 299995-299999/300000", 299_995, 300_000],
      ["bytes=5-999999999", 206, "bytes 5-299999/300000", 5, 300_000],
    ])("range %s", async (range, status, contentRange, start, end) => {
      const response = await get("down.bin", { range, "accept-encoding": "gzip" });
      expect(response.status).toBe(status);
      expect(response.headers.get("content-range")).toBe(contentRange);
      expect(Buffer.from(await response.arrayBuffer()).equals(content.subarray(start, end))).toBe(true);
    });

    test("a range beyond the end, several ranges, an outdated If-Range", async () => {
      const beyond = await get("down.bin", { range: "bytes=300000-" });
      expect(beyond.status).toBe(416);
      expect(beyond.headers.get("content-range")).toBe("bytes */300000");
      expect((await get("down.bin", { range: "bytes=0-1,5-6" })).status).toBe(200);
      expect((await get("down.bin", { range: "bytes=0-1", "if-range": '"other"' })).status).toBe(200);
    });

    test("conditional requests", async () => {
      const { headers } = await get("down.bin", {}, "HEAD");
      const etag = headers.get("etag") ?? "";
      const modified = headers.get("last-modified") ?? "";
      expect((await get("down.bin", { "if-none-match": etag })).status).toBe(304);
      expect((await get("down.bin", { "if-modified-since": modified })).status).toBe(304);
      expect((await get("down.bin", { "if-match": '"other"' })).status).toBe(412);
      expect((await get("down.bin", { range: "bytes=0-1", "if-range": etag })).status).toBe(206);
    });

    test("what cannot be downloaded", async () => {
      await inside("mkdir -p folder && mkfifo -m 600 fifo");
      expect((await get("missing")).status).toBe(404);
      expect((await get("folder")).status).toBe(400);
      expect((await get("fifo")).status).toBe(400);
      expect((await get("")).status).toBe(400);
      expect((await get(`${OTHER.home}/x`)).status).toBe(403);
      expect((await get("../../etc/shadow")).status).toBe(403);
      expect(
        (await fetch(fileUrl({ path: "x", username: "nobody-here" }), { headers: withToken })).status,
      ).toBe(401);
    });

    test("a download that is left half way leaves no descriptor", async () => {
      await inside("truncate -s 50M large");
      const open = async (): Promise<number> =>
        Number(await inside("ls -l /proc/$(cat /run/agent.pid)/fd | grep -c large || true", "root"));
      for (let index = 0; index < 5; index += 1) {
        const response = await get("large");
        const reader = response.body?.getReader();
        await reader?.read();
        await reader?.cancel();
      }
      await until("descriptors are closed", async () => (await open()) === 0);
    });
  });

  describe("uploads", () => {
    test("octet-stream: parents made and owned, mode 0644, the reply's shape", async () => {
      const response = await put("up/a/file.txt", "hello");
      expect(await response.json()).toEqual([
        { name: "file.txt", path: `${USER.home}/up/a/file.txt`, type: "file" },
      ]);
      expect(await inside("cat up/a/file.txt; stat -c '%a %U %G' up/a/file.txt up/a up")).toBe(
        `hello644 ${USER.name} ${USER.name}\n755 ${USER.name} ${USER.name}\n755 ${USER.name} ${USER.name}\n`,
      );
    });

    test("an empty body makes an empty file", async () => {
      expect((await put("nothing", null)).status).toBe(200);
      expect(await inside("wc -c < nothing")).toBe("0\n");
    });

    test("an existing file keeps inode, mode and owner; a link is followed", async () => {
      await inside("echo 'a much longer content' > script && chmod 0750 script && ln -s script by-link");
      const before = await inside("stat -c '%i %a' script");
      expect((await put("by-link", "short")).status).toBe(200);
      expect(await inside("stat -c '%i %a' script; cat script; readlink by-link")).toBe(
        `${before}shortscript\n`,
      );
    });

    test("multipart: several files, names that are paths, other fields passed over", async () => {
      const form = new FormData();
      form.append("note", "ignored");
      form.append("file", new Blob(["one"]), `${USER.home}/mp/one.txt`);
      form.append("file", new Blob(["two\r\n--not a boundary\r\n"]), "mp/two.txt");
      const response = await fetch(`${agent.url}/files?username=${USER.name}`, {
        method: "POST",
        headers: withToken,
        body: form,
      });
      expect(await response.json()).toEqual([
        { name: "one.txt", path: `${USER.home}/mp/one.txt`, type: "file" },
        { name: "two.txt", path: `${USER.home}/mp/two.txt`, type: "file" },
      ]);
      expect(await inside("cat mp/one.txt mp/two.txt")).toBe("onetwo\r\n--not a boundary\r\n");
    });

    test("multipart: path in the query names the one file", async () => {
      const form = new FormData();
      form.append("file", new Blob(["named"]), "else.txt");
      const response = await fetch(fileUrl({ path: "by-query.txt", username: USER.name }), {
        method: "POST",
        headers: withToken,
        body: form,
      });
      expect(response.status).toBe(200);
      expect(await inside("cat by-query.txt; ls else.txt 2>/dev/null || true")).toBe("named");
    });

    test("gzip bodies are stored unpacked, broken ones refused without a trace", async () => {
      const text = "packed ".repeat(10_000);
      expect((await put("unpacked", gzipSync(text), { "content-encoding": "gzip" })).status).toBe(200);
      expect(await inside("cat unpacked")).toBe(text);
      expect((await put("broken", "not gzip", { "content-encoding": "gzip" })).status).toBe(400);
      expect((await put("unknown", "x", { "content-encoding": "br" })).status).toBe(400);
      expect(await inside("ls broken unknown 2>/dev/null || true")).toBe("");
    });

    test("metadata: stored, shown, replaced as a set", async () => {
      const response = await put("meta", "x", { "x-metadata-author": "me", "x-metadata-kind": "note" });
      expect(await response.json()).toMatchObject([{ metadata: { author: "me", kind: "note" } }]);
      expect((await agent.filesystem().stat({ path: "meta" })).entry?.metadata).toEqual({
        author: "me",
        kind: "note",
      });
      await put("meta", "y", { "x-metadata-author": "you" });
      expect((await agent.filesystem().stat({ path: "meta" })).entry?.metadata).toEqual({ author: "you" });
      expect((await put("meta", "z", { "x-metadata-big": "v".repeat(5_000) })).status).toBe(400);
      expect(await inside("cat meta")).toBe("y");
    });

    test("200 MB stream through without being kept in memory", async () => {
      const rss = async (): Promise<number> =>
        Number((await inside("grep VmRSS /proc/$(cat /run/agent.pid)/status", "root")).replaceAll(/\D/g, ""));
      const before = await rss();
      const chunk = crypto.getRandomValues(new Uint8Array(65_536));
      const hash = new Bun.CryptoHasher("sha256");
      let left = 3_200;
      const body = new ReadableStream({
        pull: (controller) => {
          if (left === 0) return controller.close();
          left -= 1;
          hash.update(chunk);
          controller.enqueue(chunk);
        },
      });
      expect((await put("stream.bin", body)).status).toBe(200);
      expect(await inside("sha256sum < stream.bin; rm stream.bin")).toBe(`${hash.digest("hex")}  -\n`);
      expect((await rss()) - before).toBeLessThan(100_000);
    }, 30_000);

    test("a full disk is 507, before and during the upload; a new file does not stay", async () => {
      await inside("mkdir -p /run/small && mount -t tmpfs -o size=1m,mode=1777 tmpfs /run/small", "root");
      await put("/run/small/kept", "old");
      expect((await put("/run/small/kept", new Uint8Array(2_000_000))).status).toBe(507);
      const endless = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      });
      expect((await put("/run/small/new", endless)).status).toBe(507);
      expect(await inside("cat /run/small/kept; ls /run/small")).toBe("oldkept\n");
    });

    test("an upload that breaks off leaves no new file", async () => {
      const { port } = new URL(agent.url);
      const socket = connect(Number(port), "127.0.0.1");
      socket.write(
        `POST /files?path=cut&username=${USER.name} HTTP/1.1\r\nHost: x\r\nX-Access-Token: ${TOKEN}\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nhalf`,
      );
      const path = join(agent.homes, USER.name, "cut");
      await until("the file is begun", () => existsSync(path) && statSync(path).size === 4);
      socket.destroy();
      await until("it is gone again", () => !existsSync(path));
    });

    test("what cannot be written", async () => {
      await inside("mkdir -p updir && mkfifo -m 600 upfifo");
      expect((await put("updir", "x")).status).toBe(400);
      expect((await put("upfifo", "x")).status).toBe(400);
      expect((await put("/etc/mine", "x")).status).toBe(403);
      expect((await put(`${OTHER.home}/x`, "x")).status).toBe(403);
      expect((await put("a\0b", "x")).status).toBe(400);
      expect((await put("", "x")).status).toBe(400);
      expect(
        (await fetch(fileUrl({ path: "x" }), { method: "PUT", headers: withToken, body: "x" })).status,
      ).toBe(405);
    });

    test.each([
      ["no boundary", "multipart/form-data", "x"],
      [
        "no end",
        "multipart/form-data; boundary=b",
        '--b\r\nContent-Disposition: form-data; name="file"; filename="cut-off"\r\n\r\nabc',
      ],
      ["no headers", "multipart/form-data; boundary=b", "--b\r\n\r\n\r\nabc\r\n--b--\r\n"],
      [
        "no file",
        "multipart/form-data; boundary=b",
        '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\nabc\r\n--b--\r\n',
      ],
      ["endless headers", "multipart/form-data; boundary=b", `--b\r\nX: ${"h".repeat(100_000)}`],
      ["garbage", "multipart/form-data; boundary=b", "\0\0\0".repeat(10_000)],
    ])("malformed multipart: %s", async (_, contentType, body) => {
      const response = await fetch(`${agent.url}/files?username=${USER.name}`, {
        method: "POST",
        headers: { ...withToken, "content-type": contentType },
        body,
      });
      expect(response.status).toBe(400);
      expect(existsSync(join(agent.homes, USER.name, "cut-off"))).toBe(false);
    });
  });

  describe("access", () => {
    const signed = (
      operation: "read" | "write",
      options: { expiration?: number; token?: string; path?: string } = {},
    ): string => {
      const { expiration = null, token = TOKEN, path = "signed" } = options;
      const signature = signatureOf({
        path,
        user: USER.name,
        operation,
        accessToken: token,
        expiration: expiration === null ? null : String(expiration),
      });
      const query: Record<string, string> = { path: "signed", username: USER.name, signature };
      if (expiration !== null) query["signature_expiration"] = String(expiration);
      return fileUrl(query);
    };
    const inFuture = (): number => Math.floor(Date.now() / 1_000) + 60;

    test("signed URLs need no token", async () => {
      expect(
        (
          await fetch(signed("write"), {
            method: "POST",
            headers: { "content-type": "application/octet-stream" },
            body: "by signature",
          })
        ).status,
      ).toBe(200);
      expect(await (await fetch(signed("read"))).text()).toBe("by signature");
      expect(await (await fetch(signed("read", { expiration: inFuture() }))).text()).toBe("by signature");
    });

    test.each([
      ["expired", () => signed("read", { expiration: 1_000_000 }), "signature is already expired"],
      ["of another operation", () => signed("write"), "invalid signature"],
      ["of another token", () => signed("read", { token: "other" }), "invalid signature"],
      ["of another path", () => signed("read", { path: "other" }), "invalid signature"],
      [
        "with a longer life than signed",
        () => signed("read", { expiration: inFuture() }).replace(/(signature_expiration=\d+)/, "$10"),
        "invalid signature",
      ],
      [
        "missing",
        () => fileUrl({ path: "signed", username: USER.name }),
        "missing signature query parameter",
      ],
    ])("a signature %s", async (_, url, message) => {
      const response = await fetch(url());
      expect(response.status).toBe(401);
      expect(await messageOf(response)).toBe(message);
    });

    test("every route but /health and OPTIONS asks for the token", async () => {
      for (const path of ["/metrics", "/envs", "/ports"]) {
        expect((await fetch(agent.url + path)).status).toBe(401);
        expect((await fetch(agent.url + path, { headers: { "x-access-token": "wrong-token" } })).status).toBe(
          401,
        );
        expect((await fetch(agent.url + path, { headers: withToken })).status).toBe(200);
      }
      for (const path of ["/process.Process/List", "/process.Process/Start", "/filesystem.Filesystem/Stat"]) {
        const response = await fetch(agent.url + path, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "{}",
        });
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ code: "unauthenticated" });
      }
      expect((await fetch(`${agent.url}/health`)).status).toBe(204);
      const preflight = await fetch(`${agent.url}/process.Process/Start`, {
        method: "OPTIONS",
        headers: {
          origin: "https://app.example",
          "access-control-request-headers": "x-access-token,connect-protocol-version",
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get("access-control-allow-headers")).toContain("x-access-token");
    });

    test("a wrong token is refused although the signature would do", async () => {
      expect((await fetch(signed("read"), { headers: { "x-access-token": "wrong-token" } })).status).toBe(
        401,
      );
    });

    test("answers to browsers carry CORS headers, refusals too", async () => {
      const headers = { origin: "https://app.example" };
      const refused = await fetch(`${agent.url}/metrics`, { headers });
      expect(refused.headers.get("access-control-allow-origin")).toBe("*");
      const listed = await fetch(`${agent.url}/process.Process/List`, {
        method: "POST",
        headers: { ...headers, ...withToken, "content-type": "application/json" },
        body: "{}",
      });
      expect(listed.headers.get("access-control-expose-headers")).toContain("Connect-Content-Encoding");
    });
  });

  describe("what the sandbox tells of itself", () => {
    test("/metrics", async () => {
      const metrics = await (await fetch(`${agent.url}/metrics`, { headers: withToken })).json();
      const keys = [
        "cpu_count",
        "cpu_used_pct",
        "disk_total",
        "disk_used",
        "mem_cache",
        "mem_total",
        "mem_used",
        "ts",
      ];
      expect(Object.keys(metrics as object).sort()).toEqual(keys);
      for (const key of ["cpu_count", "mem_total", "mem_used", "disk_total", "ts"])
        expect((metrics as Record<string, number>)[key]).toBeGreaterThan(0);
    });

    test("/envs and /ports", async () => {
      expect(await (await fetch(`${agent.url}/envs`, { headers: withToken })).json()).toEqual({
        SANDBOX: "yes",
      });
      const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => {} } });
      try {
        const { ports } = (await (await fetch(`${agent.url}/ports`, { headers: withToken })).json()) as {
          ports: number[];
        };
        expect(ports).toContain(server.port);
        expect(ports).not.toContain(Number(new URL(agent.url).port));
      } finally {
        server.stop(true);
      }
    });

    test("the sandbox's environment reaches commands, the request's wins", async () => {
      expect((await shell(agent.process(), "echo $SANDBOX")).stdout).toBe("yes\n");
      expect((await shell(agent.process(), "echo $SANDBOX", { envs: { SANDBOX: "no" } })).stdout).toBe(
        "no\n",
      );
    });
  });

  describe("hostile clients", () => {
    const raw = (text: string | Uint8Array): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(Number(new URL(agent.url).port), "127.0.0.1");
        let answer = "";
        socket.on("data", (data) => (answer += data.toString("latin1")));
        socket.on("close", () => resolve(answer));
        socket.on("error", () => resolve(answer));
        socket.end(text);
      });
    const rpc = (path: string, body: BodyInit, type: string): Promise<Response> =>
      fetch(agent.url + path, {
        method: "POST",
        headers: { ...withToken, "content-type": type, "connect-protocol-version": "1" },
        body,
      });

    test.each([
      ["not JSON", "/process.Process/List", "application/json", "{"],
      ["a wrong type", "/filesystem.Filesystem/Stat", "application/json", '{"path":5}'],
      ["not protobuf", "/filesystem.Filesystem/Stat", "application/proto", "\xff\xff\xff\xff\xff"],
      ["an unknown type", "/filesystem.Filesystem/Stat", "text/html", "x"],
      [
        "a frame longer than its body",
        "/process.Process/Start",
        "application/connect+proto",
        "\0\xff\xff\xff\xff\x01",
      ],
      [
        "a frame with unknown flags",
        "/process.Process/Start",
        "application/connect+proto",
        "\x7f\0\0\0\x01x",
      ],
      ["no frame", "/process.Process/Start", "application/connect+json", ""],
      ["half a frame header", "/process.Process/StreamInput", "application/connect+proto", "\0\0"],
    ])("%s", async (_, path, type, body) => {
      const response = await rpc(path, Buffer.from(body, "latin1"), type);
      const text = await response.text();
      expect(response.status === 200 ? text.includes('"error"') : response.status >= 400).toBe(true);
      expect(text).not.toMatch(/\.ts\b|at .*\(|\/root|node_modules/);
    });

    test("a message beyond the limit is refused", async () => {
      const response = await rpc(
        "/filesystem.Filesystem/Stat",
        JSON.stringify({ path: "x".repeat(20 << 20) }),
        "application/json",
      );
      expect(response.status).toBe(429);
      expect(await response.json()).toMatchObject({ code: "resource_exhausted" });
    });

    test("raw nonsense, huge headers and half-closed connections", async () => {
      await raw("\0\x01\x02 nonsense\r\n\r\n");
      await raw(`GET /health HTTP/1.1\r\nHost: x\r\nX-Big: ${"a".repeat(200_000)}\r\n\r\n`);
      await raw("POST /process.Process/Start HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
      expect(await raw("GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).toContain(
        "404",
      );
      expect((await fetch(`${agent.url}/health`)).status).toBe(204);
    });

    test("after all that the agent still serves", async () => {
      expect((await shell(agent.process(), "echo alive")).stdout).toBe("alive\n");
      expect(
        await agent
          .filesystem()
          .stat({ path: "/" })
          .catch((error: unknown) => (error instanceof ConnectError ? Code[error.code] : "")),
      ).toBeObject();
      expect(readFileSync(join(agent.homes, USER.name, "meta"), "utf8")).toBe("y");
    });
  });
});
