/** GET /files of a real guest agent. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";

import { until } from "./commands.ts";
import { FileClient, startInitialised, WITH_TOKEN } from "./file-client.ts";
import { canRunGuestAgent, type GuestAgent, OTHER } from "./guest-agent.ts";

describe.skipIf(!canRunGuestAgent)("downloads from a guest agent", () => {
  let agent: GuestAgent;
  let files: FileClient;
  beforeAll(async () => {
    agent = await startInitialised();
    files = new FileClient(agent);
  });
  afterAll(() => agent?.stop());

  const content = crypto.getRandomValues(new Uint8Array(300_000));
  beforeAll(async () => {
    expect((await files.put("down.bin", content)).status).toBe(200);
  });

  test("the bytes, their length and a validator", async () => {
    const response = await files.get("down.bin");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/octet-stream");
    expect(response.headers.get("content-length")).toBe("300000");
    expect(response.headers.get("etag")).toMatch(/^".+"$/);
    expect(Buffer.from(await response.arrayBuffer()).equals(content)).toBe(true);
  });

  test("HEAD tells the same without the bytes", async () => {
    const response = await files.get("down.bin", {}, "HEAD");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe("300000");
    expect((await response.arrayBuffer()).byteLength).toBe(0);
  });

  test("an empty file has Content-Length 0, also for a client that takes gzip", async () => {
    await files.inside(": > empty");
    const response = await files.get("empty", { "accept-encoding": "gzip" });
    expect(response.headers.get("content-length")).toBe("0");
    expect(response.headers.get("content-encoding")).toBeNull();
  });

  test("gzip when it is accepted, 406 when nothing on offer is", async () => {
    const response = await files.get("down.bin", { "accept-encoding": "gzip, br" });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(Buffer.from(await response.arrayBuffer())).equals(content)).toBe(true);
    expect((await files.get("down.bin", { "accept-encoding": "br, identity;q=0" })).status).toBe(406);
  });

  test.each([
    ["bytes=0-9", 206, "bytes 0-9/300000", 0, 10],
    ["bytes=299990-", 206, "bytes 299990-299999/300000", 299_990, 300_000],
    ["bytes=-5", 206, "bytes 299995-299999/300000", 299_995, 300_000],
    ["bytes=5-999999999", 206, "bytes 5-299999/300000", 5, 300_000],
  ])("range %s", async (range, status, contentRange, start, end) => {
    const response = await files.get("down.bin", { range, "accept-encoding": "gzip" });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(Buffer.from(await response.arrayBuffer()).equals(content.subarray(start, end))).toBe(true);
  });

  test("a range beyond the end, several ranges, an outdated If-Range", async () => {
    const beyond = await files.get("down.bin", { range: "bytes=300000-" });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get("content-range")).toBe("bytes */300000");
    expect((await files.get("down.bin", { range: "bytes=0-1,5-6" })).status).toBe(200);
    expect((await files.get("down.bin", { range: "bytes=0-1", "if-range": '"other"' })).status).toBe(200);
  });

  test("conditional requests", async () => {
    const { headers } = await files.get("down.bin", {}, "HEAD");
    const etag = headers.get("etag") ?? "";
    const modified = headers.get("last-modified") ?? "";
    expect((await files.get("down.bin", { "if-none-match": etag })).status).toBe(304);
    expect((await files.get("down.bin", { "if-modified-since": modified })).status).toBe(304);
    expect((await files.get("down.bin", { "if-match": '"other"' })).status).toBe(412);
    expect((await files.get("down.bin", { range: "bytes=0-1", "if-range": etag })).status).toBe(206);
  });

  test("what cannot be downloaded", async () => {
    await files.inside("mkdir -p folder && mkfifo -m 600 fifo");
    expect((await files.get("missing")).status).toBe(404);
    expect((await files.get("folder")).status).toBe(400);
    expect((await files.get("fifo")).status).toBe(400);
    expect((await files.get("")).status).toBe(400);
    expect((await files.get(`${OTHER.home}/x`)).status).toBe(403);
    expect((await files.get("../../etc/shadow")).status).toBe(403);
    expect(
      (await fetch(files.url({ path: "x", username: "nobody-here" }), { headers: WITH_TOKEN })).status,
    ).toBe(401);
  });

  test("a download that is left half way leaves no descriptor", async () => {
    await files.inside("truncate -s 50M large");
    const open = async (): Promise<number> =>
      Number(await files.inside("ls -l /proc/$(cat /run/agent.pid)/fd | grep -c large || true", "root"));
    for (let index = 0; index < 5; index += 1) {
      const response = await files.get("large");
      const reader = response.body?.getReader();
      await reader?.read();
      await reader?.cancel();
    }
    await until("descriptors are closed", async () => (await open()) === 0);
  });
});
