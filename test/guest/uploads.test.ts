/** POST /files of a real guest agent. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { until } from "./commands.ts";
import { FileClient, startInitialised, TOKEN, WITH_TOKEN } from "./file-client.ts";
import { canRunGuestAgent, type GuestAgent, OTHER, USER } from "./guest-agent.ts";

describe.skipIf(!canRunGuestAgent)("uploads to a guest agent", () => {
  let agent: GuestAgent;
  let files: FileClient;
  beforeAll(async () => {
    agent = await startInitialised();
    files = new FileClient(agent);
  });
  afterAll(() => agent?.stop());

  test("octet-stream: parents made and owned, mode 0644, the reply's shape", async () => {
    const response = await files.put("up/a/file.txt", "hello");
    expect(await response.json()).toEqual([
      { name: "file.txt", path: `${USER.home}/up/a/file.txt`, type: "file" },
    ]);
    expect(await files.inside("cat up/a/file.txt; stat -c '%a %U %G' up/a/file.txt up/a up")).toBe(
      `hello644 ${USER.name} ${USER.name}\n755 ${USER.name} ${USER.name}\n755 ${USER.name} ${USER.name}\n`,
    );
  });

  test("an empty body makes an empty file", async () => {
    expect((await files.put("nothing", null)).status).toBe(200);
    expect(await files.inside("wc -c < nothing")).toBe("0\n");
  });

  test("an existing file keeps inode, mode and owner; a link is followed", async () => {
    await files.inside("echo 'a much longer content' > script && chmod 0750 script && ln -s script by-link");
    const before = await files.inside("stat -c '%i %a' script");
    expect((await files.put("by-link", "short")).status).toBe(200);
    expect(await files.inside("stat -c '%i %a' script; cat script; readlink by-link")).toBe(
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
      headers: WITH_TOKEN,
      body: form,
    });
    expect(await response.json()).toEqual([
      { name: "one.txt", path: `${USER.home}/mp/one.txt`, type: "file" },
      { name: "two.txt", path: `${USER.home}/mp/two.txt`, type: "file" },
    ]);
    expect(await files.inside("cat mp/one.txt mp/two.txt")).toBe("onetwo\r\n--not a boundary\r\n");
  });

  test("multipart: the same path twice is refused, the first stays", async () => {
    const form = new FormData();
    form.append("file", new Blob(["first"]), "twice");
    form.append("file", new Blob(["second"]), `${USER.home}/twice`);
    const response = await fetch(files.url({ username: USER.name }), {
      method: "POST",
      headers: WITH_TOKEN,
      body: form,
    });
    expect(response.status).toBe(400);
    expect(await files.inside("cat twice")).toBe("first");
  });

  test("multipart: path in the query names the one file", async () => {
    const form = new FormData();
    form.append("file", new Blob(["named"]), "else.txt");
    const response = await fetch(files.url({ path: "by-query.txt", username: USER.name }), {
      method: "POST",
      headers: WITH_TOKEN,
      body: form,
    });
    expect(response.status).toBe(200);
    expect(await files.inside("cat by-query.txt; ls else.txt 2>/dev/null || true")).toBe("named");
  });

  test("gzip bodies are stored unpacked, broken ones refused without a trace", async () => {
    const text = "packed ".repeat(10_000);
    expect((await files.put("unpacked", gzipSync(text), { "content-encoding": "gzip" })).status).toBe(200);
    expect(await files.inside("cat unpacked")).toBe(text);
    expect((await files.put("broken", "not gzip", { "content-encoding": "gzip" })).status).toBe(400);
    expect((await files.put("unknown", "x", { "content-encoding": "br" })).status).toBe(400);
    expect(await files.inside("ls broken unknown 2>/dev/null || true")).toBe("");
  });

  test("metadata: stored, shown, replaced as a set", async () => {
    const response = await files.put("meta", "x", { "x-metadata-author": "me", "x-metadata-kind": "note" });
    expect(await response.json()).toMatchObject([{ metadata: { author: "me", kind: "note" } }]);
    expect((await agent.filesystem().stat({ path: "meta" })).entry?.metadata).toEqual({
      author: "me",
      kind: "note",
    });
    await files.put("meta", "y", { "x-metadata-author": "you" });
    expect((await agent.filesystem().stat({ path: "meta" })).entry?.metadata).toEqual({ author: "you" });
    await files.put("meta", "z");
    expect((await agent.filesystem().stat({ path: "meta" })).entry?.metadata).toEqual({});
  });

  test("metadata: whatever a header may hold comes back, names of objects' own fields too", async () => {
    const metadata = { "a!#$%&'*+-.^_`|~9": "printable ~ text", empty: "", constructor: "c", __proto: "p" };
    const headers = Object.fromEntries(
      Object.entries(metadata).map(([key, value]) => [`X-Metadata-${key}`, value]),
    );
    headers["x-metadata-__proto__"] = "own";
    const stored = async (): Promise<Map<string, string>> =>
      new Map(Object.entries((await agent.filesystem().stat({ path: "strange" })).entry?.metadata ?? {}));
    expect((await files.put("strange", "x", headers)).status).toBe(200);
    expect(await stored()).toEqual(new Map([...Object.entries(metadata), ["__proto__", "own"]]));
    await files.put("strange", "x", { "x-metadata-empty": "now not" });
    expect(await stored()).toEqual(new Map([["empty", "now not"]]));
  });

  test.each([
    ["too much of it", { "x-metadata-big": "v".repeat(4_096) }],
    ["a name that is too long", { [`x-metadata-${"k".repeat(247)}`]: "v" }],
    ["no name", { "x-metadata-": "v" }],
    ["a value that is not ASCII", { "x-metadata-a": "caf\u00e9" }],
  ])("metadata that cannot be stored leaves the file alone: %s", async (_, headers) => {
    await files.put("untouched", "old");
    expect((await files.put("untouched", "new", headers)).status).toBe(400);
    expect(await files.inside("cat untouched")).toBe("old");
  });

  describe("files composed of parts", () => {
    const compose = (body: unknown): Promise<Response> =>
      fetch(`${agent.url}/files/compose`, {
        method: "POST",
        headers: { ...WITH_TOKEN, "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
      });

    test("in order, with their parents made; the parts are gone", async () => {
      await files.inside("mkdir -p parts && printf one > parts/1 && printf two > parts/2 && : > parts/3");
      const source_paths = ["parts/2", "parts/3", `${USER.home}/parts/1`];
      const response = await compose({ source_paths, destination: "whole/of/parts", username: USER.name });
      expect(await response.json()).toEqual({
        name: "parts",
        path: `${USER.home}/whole/of/parts`,
        type: "file",
      });
      expect(await files.inside("cat whole/of/parts; stat -c ' %a %U' whole/of/*; ls parts")).toBe(
        `twoone 644 ${USER.name}\n`,
      );
    });

    test.each([
      ["not JSON", "{", 400],
      ["no parts", { destination: "w", source_paths: [] }, 400],
      ["no destination", { source_paths: ["p1"] }, 400],
      ["wrong types", { destination: 1, source_paths: "p1" }, 400],
      ["a part that is missing", { destination: "w", source_paths: ["p1", "missing"] }, 404],
      ["a part that is a directory", { destination: "w", source_paths: ["p1", "."] }, 400],
      ["a part that is the whole", { destination: "p1", source_paths: ["p1"] }, 400],
      ["a whole that is a directory", { destination: "wd", source_paths: ["p1"] }, 400],
      ["another user's file", { destination: "w", source_paths: [`${OTHER.home}/x`, "p1"] }, 403],
      ["another user's directory", { destination: `${OTHER.home}/w`, source_paths: ["p1"] }, 403],
      ["an unknown user", { destination: "w", source_paths: ["p1"], username: "nobody-here" }, 401],
    ])("what cannot be composed leaves everything as it was: %s", async (_, body, status) => {
      await files.inside("printf p > p1; mkdir -p wd");
      expect((await compose(body)).status).toBe(status);
      expect(await files.inside("cat p1; ls -d w .*.part 2>/dev/null || true")).toBe("p");
    });

    test("a full disk is 507, and what was there before stays", async () => {
      await files.inside("mkdir -p /run/full && mount -t tmpfs -o size=1m,mode=1777 tmpfs /run/full", "root");
      await files.inside("printf old > /run/full/whole; head -c 700000 /dev/zero | tee big1 > big2");
      const body = { destination: "/run/full/whole", source_paths: ["big1", "big2"] };
      expect((await compose(body)).status).toBe(507);
      expect(await files.inside("cat /run/full/whole; ls -A /run/full; ls big1 big2")).toBe(
        "oldwhole\nbig1\nbig2\n",
      );
    });
  });

  test("200 MB stream through without being kept in memory", async () => {
    const rss = async (): Promise<number> =>
      Number(
        (await files.inside("grep VmRSS /proc/$(cat /run/agent.pid)/status", "root")).replaceAll(/\D/g, ""),
      );
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
    expect((await files.put("stream.bin", body)).status).toBe(200);
    expect(await files.inside("sha256sum < stream.bin; rm stream.bin")).toBe(`${hash.digest("hex")}  -\n`);
    expect((await rss()) - before).toBeLessThan(100_000);
  }, 30_000);

  test("a full disk is 507, before and during the upload; a new file does not stay", async () => {
    await files.inside("mkdir -p /run/small && mount -t tmpfs -o size=1m,mode=1777 tmpfs /run/small", "root");
    await files.put("/run/small/kept", "old");
    expect((await files.put("/run/small/kept", new Uint8Array(2_000_000))).status).toBe(507);
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
    });
    expect((await files.put("/run/small/new", endless)).status).toBe(507);
    expect(await files.inside("cat /run/small/kept; ls /run/small")).toBe("oldkept\n");
  });

  describe("an upload that breaks off", () => {
    const begin = (path: string, announced: number): Socket => {
      const socket = connect(Number(new URL(agent.url).port), "127.0.0.1");
      const lines = [
        `POST /files?path=${path}&username=${USER.name} HTTP/1.1`,
        `Host: x`,
        `X-Access-Token: ${TOKEN}`,
        `Content-Type: application/octet-stream`,
        `Content-Length: ${announced}`,
      ];
      socket.write(`${lines.join("\r\n")}\r\n\r\nhalf`);
      return socket;
    };

    test("leaves no new file", async () => {
      const path = join(agent.homes, USER.name, "cut");
      const socket = begin("cut", 100_000);
      await until("the file is begun", () => existsSync(path) && statSync(path).size === 4);
      socket.destroy();
      await until("it is gone again", () => !existsSync(path));
    });

    test("when it is small, the file that was there stays", async () => {
      await files.put("there", "old");
      const socket = begin("there", 1_000);
      expect(await files.inside("cat there")).toBe("old");
      socket.destroy();
      expect(await files.inside("cat there")).toBe("old");
    });
  });

  test("what cannot be written", async () => {
    await files.inside("mkdir -p updir && mkfifo -m 600 upfifo");
    expect((await files.put("updir", "x")).status).toBe(400);
    expect((await files.put("upfifo", "x")).status).toBe(400);
    expect((await files.put("/etc/mine", "x")).status).toBe(403);
    expect((await files.put(`${OTHER.home}/x`, "x")).status).toBe(403);
    expect((await files.put("a\0b", "x")).status).toBe(400);
    expect((await files.put("", "x")).status).toBe(400);
    expect(
      (await fetch(files.url({ path: "x" }), { method: "PUT", headers: WITH_TOKEN, body: "x" })).status,
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
      headers: { ...WITH_TOKEN, "content-type": contentType },
      body,
    });
    expect(response.status).toBe(400);
    expect(existsSync(join(agent.homes, USER.name, "cut-off"))).toBe(false);
  });
});
