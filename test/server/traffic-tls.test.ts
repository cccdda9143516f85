/** One wildcard certificate for the dashboard, for sandboxes by host name and for previews by path. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Seen } from "../support/echo-program.ts";
import { PROGRAM_PORT, TrafficScene } from "../support/traffic-scene.ts";
import { dialThrough, hexOf } from "../support/traffic.ts";

const directory = mkdtempSync(join(tmpdir(), "wrenn-traffic-tls-"));
const [key = "", cert = ""] = ["key.pem", "cert.pem"].map((name) => join(directory, name));

const TRUST = "NODE_TLS_REJECT_UNAUTHORIZED";

let scene: TrafficScene;
let id: string;
let ca: string;
beforeAll(async () => {
  const names = "subjectAltName=DNS:*.sbx.example.com,DNS:sbx.example.com,IP:127.0.0.1";
  await Bun.$`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=sbx.example.com -addext ${names} -keyout ${key} -out ${cert}`.quiet();
  ca = await Bun.file(cert).text();
  // Setting up asks over TLS too, and knows nothing of this certificate.
  process.env[TRUST] = "0";
  scene = await TrafficScene.start({
    WRENN_TLS_CERT: cert,
    WRENN_TLS_KEY: key,
    WRENN_SANDBOX_DOMAIN: "sbx.example.com",
  });
  id = await scene.api.create();
  delete process.env[TRUST];
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

/** As a client does that looked the name up: it insists on the certificate's being for that name. */
const get = (base: string, path: string, host: string, headers: Record<string, string> = {}) =>
  fetch(base + path, { headers: { host, ...headers }, redirect: "manual", tls: { ca, serverName: host } });

test("names of sandboxes are served with the wildcard certificate", async () => {
  const host = `${PROGRAM_PORT}-${hexOf(id)}.sbx.example.com`;
  const answer = await get(scene.url, "/x", host, { "x-api-key": scene.api.apiKey });
  const seen = (await answer.json()) as Seen;
  expect(seen.headers).toMatchObject({ host, "x-forwarded-proto": "https" });
  const socket = await dialThrough(scene.url, "/socket", {
    headers: { host, "x-api-key": scene.api.apiKey },
    tls: { ca, serverName: host },
  });
  const echo = new Promise<unknown>((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(data));
  });
  socket.send("hello");
  expect(await echo).toBe("hello");
  socket.close();
});

test("previews are secure by name and by path, and so are their cookies", async () => {
  const answer = await fetch(`${scene.url}/v1/sandboxes/${id}/preview-urls`, {
    method: "POST",
    headers: { "x-api-key": scene.api.apiKey, "content-type": "application/json" },
    body: JSON.stringify({ port: PROGRAM_PORT }),
    tls: { ca },
  });
  const link = (await answer.json()) as { url: string; path_url: string };
  expect(link.url).toStartWith(`https://${PROGRAM_PORT}-${hexOf(id)}.sbx.example.com/`);
  expect(link.path_url).toStartWith("https://127.0.0.1:");
  const { host, pathname, search } = new URL(link.url);
  const [byName, byPath] = await Promise.all([
    get(scene.url, pathname + search, host),
    fetch(link.path_url, { redirect: "manual", tls: { ca } }),
  ]);
  for (const first of [byName, byPath]) {
    expect(first.status).toBe(302);
    const cookie = first.headers.get("set-cookie") ?? "";
    expect(cookie).toStartWith("__Secure-wrenn_preview=");
    expect(cookie).toMatch(/; ?Secure/i);
    expect(cookie).toMatch(/; ?HttpOnly/i);
  }
  const there = new URL(byPath.headers.get("location") ?? "", link.path_url);
  const cookie = (byPath.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const page = await fetch(there, { headers: { cookie }, tls: { ca } });
  expect(((await page.json()) as Seen).headers).toMatchObject({ "x-forwarded-proto": "https" });
});
