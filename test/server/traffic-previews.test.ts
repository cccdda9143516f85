/** Preview links: made by the team, opened by whoever has one, for one port and for a time. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { Seen } from "../support/echo-program.ts";
import { freePort } from "../support/free-port.ts";
import { call, startTestServer } from "../support/server.ts";
import { PROGRAM_PORT, TrafficScene } from "../support/traffic-scene.ts";
import { dialThrough, hexOf } from "../support/traffic.ts";
import { waitFor } from "../support/wait-for.ts";

const DOMAIN = "sbx.example.com";

let scene: TrafficScene;
let id: string;
beforeAll(async () => {
  scene = await TrafficScene.start({ WRENN_SANDBOX_DOMAIN: `${DOMAIN}:8443` });
  id = await scene.api.create();
});
afterAll(() => scene[Symbol.asyncDispose]());

interface Link {
  port: number;
  url: string;
  path_url: string;
  expires_at: string;
}

const makeLink = async (body: object = {}, sandboxId = id): Promise<Link> =>
  (await scene.api.ok(`/${sandboxId}/preview-urls`, { port: PROGRAM_PORT, ...body })) as unknown as Link;

const get = (url: string, headers: Record<string, string> = {}, init: BunFetchRequestInit = {}) =>
  fetch(url, { redirect: "manual", ...init, headers });

const prefixOf = (sandboxId = id) => `/preview/${sandboxId}/${PROGRAM_PORT}`;

/** `name=value` of what the first visit sets. */
const enter = async (link: Link): Promise<string> =>
  ((await get(link.path_url)).headers.get("set-cookie") ?? "").split(";")[0] ?? "";

describe("a link by path", () => {
  test("shows its token once, and then lives in a cookie of that port alone", async () => {
    const link = await makeLink({ ttl_sec: 60 });
    expect(link.path_url).toStartWith(`${scene.previews}${prefixOf()}/?wrenn_preview=`);
    expect(new Date(link.expires_at).getTime() - Date.now()).toBeWithin(50_000, 61_000);
    const first = await get(link.path_url.replace("/?", "/a/b?x=1&") + "&y=2");
    expect([first.status, first.headers.get("location")]).toEqual([302, `${prefixOf()}/a/b?x=1&y=2`]);
    const cookie = first.headers.get("set-cookie") ?? "";
    expect(cookie).toStartWith("wrenn_preview=");
    expect(cookie).toMatch(/; ?HttpOnly/i);
    expect(cookie).toContain(`Path=${prefixOf()}/`);
    expect(Number(/Max-Age=(\d+)/i.exec(cookie)?.[1])).toBeWithin(50, 61);
    expect(first.headers.get("referrer-policy")).toBe("no-referrer");

    const page = await get(`${scene.previews}${prefixOf()}/a/b?x=1`, {
      cookie: `theirs=1; ${cookie.split(";")[0]}`,
      "x-api-key": scene.api.apiKey,
    });
    const seen = (await page.json()) as Seen;
    expect(seen.path).toBe("/a/b?x=1");
    expect(seen.headers).toMatchObject({ cookie: "theirs=1", "x-forwarded-prefix": prefixOf() });
    expect(seen.headers["x-api-key"]).toBeUndefined();
  });

  test("opens nothing else, and nothing without it", async () => {
    const [link, other] = [await makeLink(), await scene.api.create()];
    const cookie = await enter(link);
    scene.host.ports.set(3_001, scene.program.url);
    const elsewhere = [
      `/preview/${id}/3001/`,
      `/preview/${other}/${PROGRAM_PORT}/`,
      `${prefixOf()}/../../${other}/${PROGRAM_PORT}/`,
    ];
    for (const path of elsewhere) {
      expect([path, (await get(scene.previews + path, { cookie })).status]).toEqual([path, 403]);
    }
    const token = new URL(link.path_url).search;
    for (const path of elsewhere) {
      expect([path, (await get(scene.previews + path + token)).status]).toEqual([path, 403]);
    }
    expect((await get(`${scene.previews}${prefixOf()}/`)).status).toBe(403);
    expect((await get(`${scene.previews}${prefixOf()}/`, { cookie: "wrenn_preview=1.x" })).status).toBe(403);
    // The same addresses on the dashboard's own origin are nothing.
    expect((await get(scene.url + prefixOf() + "/", { cookie })).status).toBe(404);
    expect((await get(`${scene.previews}/v1/me`, { cookie })).status).toBe(404);
  });

  test("ends with its time", async () => {
    const link = await makeLink({ ttl_sec: 1 });
    const cookie = await enter(link);
    const visit = async () => (await get(`${scene.previews}${prefixOf()}/`, { cookie })).status;
    await waitFor("it has expired", async () => (await visit()) === 403);
    expect((await get(link.path_url)).status).toBe(403);
  });

  test("takes either form of the id, and adds the slash that relative addresses need", async () => {
    const { search } = new URL((await makeLink()).path_url);
    const bare = await get(`${scene.previews}/preview/${hexOf(id)}/${PROGRAM_PORT}${search}`);
    expect([bare.status, bare.headers.get("location")]).toEqual([
      307,
      `/preview/${hexOf(id)}/${PROGRAM_PORT}/${search}`,
    ]);
    const followed = await get(new URL(bare.headers.get("location") ?? "", scene.previews).href);
    expect(followed.headers.get("location")).toBe(`/preview/${hexOf(id)}/${PROGRAM_PORT}/`);
    for (const path of ["/preview/nobody/80/", `/preview/${id}/0/`, `/preview/${id}/x/`]) {
      expect([path, (await get(scene.previews + path)).status]).toEqual([path, 400]);
    }
  });

  test("moves redirects and cookies below it, and addresses that forgot it", async () => {
    const cookie = await enter(await makeLink());
    const there = `${scene.previews}${prefixOf()}`;
    expect((await get(`${there}/moved`, { cookie })).headers.get("location")).toBe(`${prefixOf()}/elsewhere`);
    const set = (await get(`${there}/cookies`, { cookie })).headers.getSetCookie();
    expect(set).toEqual([`theirs=1; Path=${prefixOf()}/; HttpOnly`, "second=2"]);
    const forgot = await get(`${scene.previews}/style.css?v=1`, { referer: `${there}/page` });
    expect([forgot.status, forgot.headers.get("location")]).toEqual([307, `${prefixOf()}/style.css?v=1`]);
    expect(
      (await get(`${scene.previews}/style.css`, { referer: "https://else.example/preview/a/1/" })).status,
    ).toBe(404);
  });

  test("takes other methods at once, and WebSockets with the token or the cookie", async () => {
    const link = await makeLink();
    const posted = await get(link.path_url, {}, { method: "POST", body: "x" });
    expect(await posted.json()).toMatchObject({ method: "POST", path: "/" });
    const { search } = new URL(link.path_url);
    for (const [path, headers] of [
      [`${prefixOf()}/socket${search}`, {}],
      [`${prefixOf()}/socket`, { cookie: await enter(link) }],
    ] as const) {
      const socket = await dialThrough(scene.previews, path, { headers });
      const echo = new Promise<unknown>((resolve) => {
        socket.addEventListener("message", ({ data }) => resolve(data));
      });
      socket.send("hello");
      expect(await echo).toBe("hello");
      socket.close();
    }
    await expect(dialThrough(scene.previews, `${prefixOf()}/socket`, { headers: {} })).rejects.toThrow(
      "closed",
    );
  });
});

describe("a link by host name", () => {
  const byHost = (url: string, cookie = "") => {
    const { host, pathname, search } = new URL(url);
    return get(`${scene.url}${pathname}${search}`, { host, cookie });
  };

  test("is given where a domain is set up, and works the same", async () => {
    const link = await makeLink();
    expect(link.url).toStartWith(`http://${PROGRAM_PORT}-${hexOf(id)}.${DOMAIN}:8443/?wrenn_preview=`);
    const first = await byHost(link.url);
    expect([first.status, first.headers.get("location")]).toEqual([302, "/"]);
    const cookie = first.headers.get("set-cookie") ?? "";
    expect(cookie).not.toContain("Domain");
    const page = await byHost(link.url.split("?")[0] ?? "", cookie.split(";")[0]);
    const seen = (await page.json()) as Seen;
    expect([seen.path, seen.headers["x-forwarded-prefix"], seen.headers["cookie"]]).toEqual([
      "/",
      undefined,
      undefined,
    ]);
    expect((await byHost(link.url.replace(/\?.*/, ""))).status).toBe(403);
  });

  test("leads to no other host by two slashes", async () => {
    const link = await makeLink();
    const first = await byHost(link.url.replace("/?", "//evil.example/?"));
    const { host } = new URL(link.url);
    expect(new URL(first.headers.get("location") ?? "", `http://${host}/`).host).toBe(host);
  });
});

test("links are for ports of sandboxes that exist, and each is in the trail", async () => {
  const link = await makeLink({ ttl_sec: 30 });
  const { body } = await call<{ items: Record<string, unknown>[] }>(
    scene.url,
    `/v1/audit-logs?resource_id=${id}&action=preview_url&limit=1`,
    { token: scene.admin.token },
  );
  expect(body.items).toMatchObject([
    { actor_type: "api_key", status: "info", metadata: { port: PROGRAM_PORT, expires_at: link.expires_at } },
  ]);
  const refused = async (wanted: object, sandboxId = id) =>
    (await scene.api.request(`/${sandboxId}/preview-urls`, wanted)).body.error;
  expect(await refused({ port: 0 })).toMatchObject({ code: "invalid_request", field: "port" });
  expect(await refused({ port: 49_983 })).toMatchObject({ field: "port", rule: "reserved" });
  expect(await refused({ port: 80, ttl_sec: 8 * 24 * 3_600 })).toMatchObject({ field: "ttl_sec" });
  expect(await refused({})).toMatchObject({ field: "port" });
  const ended = await scene.api.create();
  const endedLink = await makeLink({}, ended);
  await scene.api.remove(ended);
  expect(await refused({ port: 80 }, ended)).toMatchObject({ code: "invalid_state" });
  const cookie = await enter(endedLink);
  expect((await get(`${scene.previews}${prefixOf(ended)}/`, { cookie })).status).toBe(502);
});

/** A free port, and a listener on the one that follows. */
const freePortWithNeighbour = async () => {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = await freePort();
    try {
      const neighbour = Bun.listen({ hostname: "127.0.0.1", port: port + 1, socket: { data: () => {} } });
      return { port, neighbour };
    } catch {
      // Somebody else's already; the next one, then.
    }
  }
  throw new Error("no two free ports beside each other");
};

test("their port is the listener's and one, any other when a neighbour has it, and nobody else's when it was asked for", async () => {
  const { port, neighbour } = await freePortWithNeighbour();
  using _ = neighbour;
  await using moved = await TrafficScene.start({ WRENN_LISTEN: `127.0.0.1:${port}` });
  expect(new URL(moved.previews).port).not.toBe(String(neighbour.port));
  expect((await fetch(`${moved.previews}/`)).status).toBe(404);
  const asked = startTestServer({ WRENN_PREVIEW_PORT: String(neighbour.port) });
  await expect(asked).rejects.toThrow(`WRENN_PREVIEW_PORT: 127.0.0.1:${neighbour.port} is in use`);
});
