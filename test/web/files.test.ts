/** How the dashboard's files go out: small, kept by browsers for good, and under a policy that allows little. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { testDashboard } from "../support/dashboard.ts";
import { startTestServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let directory: string;
beforeAll(async () => {
  directory = await testDashboard();
  server = await startTestServer({ WRENN_WEB_DIR: directory });
}, 60_000);
afterAll(() => server.stop());

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, { headers, redirect: "manual", decompress: false });

/** What the page loads before anything is pressed: scripts by path. */
const initialScripts = async (): Promise<string[]> => {
  const html = await (await get("/", { "accept-encoding": "identity" })).text();
  return [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map(([, path = ""]) => path);
};

test("the first scripts are at most 90 KB on the wire", async () => {
  const scripts = await initialScripts();
  expect(scripts.length).toBeGreaterThanOrEqual(2);
  const sizes = await Promise.all(
    scripts.map(
      async (path) => (await (await get(path, { "accept-encoding": "gzip" })).arrayBuffer()).byteLength,
    ),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(90 * 1024);
});

test.each(["/", "/login", "/signup", "/dashboard/sandboxes", "/dashboard/sandboxes/sb-1", "/admin/hosts"])(
  "%s is the page, asked for anew each time, under its policy",
  async (path) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
  },
);

test.each(["/nothing", "/v1/nothing", "/logins", "/assets/none.js", "/dashboards"])(
  "%s is not the page",
  async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toContain("application/json");
  },
);

test("the documentation stays where it was", async () => {
  expect(await (await get("/docs")).text()).toContain("Wrenn API");
});

describe("an asset", () => {
  test("is kept for good, and known again", async () => {
    const [path = ""] = await initialScripts();
    const response = await get(path);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(response.headers.get("vary")).toBe("accept-encoding");
    const again = await get(path, { "if-none-match": response.headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
  });

  test.each([
    ["br, gzip", "br"],
    ["gzip", "gzip"],
    ["br;q=0, gzip", "gzip"],
    ["identity", null],
  ])("comes for %p as %p", async (accepted, encoding) => {
    const path = (await initialScripts()).find((one) => one.includes("main-")) ?? "";
    const response = await get(path, { "accept-encoding": accepted });
    expect(response.headers.get("content-encoding")).toBe(encoding);
    const plain = await Bun.file(join(directory, path)).bytes();
    const decoded = await fetch(`${server.url}${path}`, { headers: { "accept-encoding": accepted } });
    expect(await decoded.bytes()).toEqual(plain);
  });

  test("of a folder outside is none", async () => {
    for (const path of ["/assets/..%2Findex.html", "/assets/%2e%2e%2findex.html"]) {
      expect((await get(path)).status).toBe(404);
    }
  });
});

test("the build for people is without the development's gallery", async () => {
  for (const name of await readdir(join(directory, "assets"))) {
    if (!name.endsWith(".js")) continue;
    expect(await Bun.file(join(directory, "assets", name)).text()).not.toContain(
      'customElements.define("wr-gallery',
    );
  }
  const texts = await Promise.all(
    (await readdir(join(directory, "assets")))
      .filter((name) => name.endsWith(".js"))
      .map((name) => Bun.file(join(directory, "assets", name)).text()),
  );
  expect(texts.some((text) => text.includes("every component in every state"))).toBe(false);
});
