/** Who reaches which port of a sandbox: tokens, keys, teams, and what each of them does not open. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { signatureOf } from "../../proto/file-signature.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import { call, createKey, signUp } from "../support/server.ts";
import { PROGRAM_PORT, TrafficScene } from "../support/traffic-scene.ts";
import { hexOf } from "../support/traffic.ts";

let scene: TrafficScene;
let id: string;
let other: string;

beforeAll(async () => {
  scene = await TrafficScene.start();
  [id, other] = [await scene.api.create(), await scene.api.create()];
});
afterAll(() => scene[Symbol.asyncDispose]());

/** Status with these headers, from the sandbox's private port. */
const status = async (headers: Record<string, string> = {}, sandboxId = id): Promise<number> =>
  (await scene.ask(sandboxId, { headers })).status;

const setPublic = (sandboxId: string) =>
  scene.server.database.sql`update sandboxes set public_ports = true where id = ${parseSandboxId(sandboxId)}`;

describe("a private port", () => {
  test("is open to the traffic token of its sandbox and to no other", async () => {
    expect(await status()).toBe(403);
    expect(await status({ "e2b-traffic-access-token": scene.trafficToken(id) })).toBe(200);
    for (const token of [
      scene.trafficToken(other),
      scene.accessToken(id),
      scene.trafficToken(id).toUpperCase(),
      scene.trafficToken(id).slice(1),
      "",
    ]) {
      expect([token, await status({ "e2b-traffic-access-token": token })]).toEqual([token, 403]);
    }
    expect(await status({ "x-access-token": scene.accessToken(id) })).toBe(403);
  });

  test("tells what is missing, to programs", async () => {
    const answer = await scene.ask(id);
    expect(await answer.json()).toEqual({
      sandboxId: hexOf(id),
      port: PROGRAM_PORT,
      code: 403,
      message: expect.stringContaining("e2b-traffic-access-token"),
    });
  });

  test("is open to keys of the team that may use sandboxes", async () => {
    const { url, admin, api } = scene;
    expect(await status({ "x-api-key": api.apiKey })).toBe(200);
    expect(await status({ "x-api-key": api.apiKey.replace("wrn_", "e2b_") })).toBe(200);
    for (const scopes of [["read"], ["templates"], ["read", "templates"]]) {
      expect(await status({ "x-api-key": await createKey(url, admin, { scopes }) })).toBe(403);
    }
    const stranger = await signUp(url, "Stranger");
    expect(await status({ "x-api-key": await createKey(url, stranger) })).toBe(403);
    expect(await status({ "x-api-key": `wrn_${"0".repeat(32)}` })).toBe(403);
    expect(await status({ "x-api-key": "of-the-program" })).toBe(403);
    expect(await status({ authorization: `Bearer ${admin.token}` })).toBe(403);
  });

  test("closes with the key", async () => {
    const { url, admin } = scene;
    const made = await call<{ id: string; key: string }>(url, "/v1/api-keys", {
      token: admin.token,
      body: { name: "short-lived" },
    });
    expect(await status({ "x-api-key": made.body.key })).toBe(200);
    await call(url, `/v1/api-keys/${made.body.id}`, { token: admin.token, method: "DELETE" });
    expect(await status({ "x-api-key": made.body.key })).toBe(403);
  });
});

test("a public port is open to everyone", async () => {
  const open = await scene.api.create();
  await setPublic(open);
  expect(await status({}, open)).toBe(200);
  const byHost = await fetch(scene.url, { headers: { host: `${PROGRAM_PORT}-${hexOf(open)}.x.example` } });
  expect(byHost.status).toBe(200);
});

test("the guest agent's port is its own to guard, preflights included", async () => {
  const seen = async (init: BunFetchRequestInit) =>
    (await (await scene.ask(id, { port: GUEST_PORT, ...init })).json()) as {
      headers: Record<string, string>;
    };
  expect((await seen({})).headers["x-access-token"]).toBeUndefined();
  const token = scene.accessToken(id);
  expect((await seen({ headers: { "x-access-token": token } })).headers["x-access-token"]).toBe(token);
  const asked = await fetch(`${scene.url}/files`, {
    method: "OPTIONS",
    headers: {
      host: `${GUEST_PORT}-${hexOf(id)}.x.example`,
      origin: "https://app.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-access-token",
    },
  });
  expect(await asked.json()).toMatchObject({ method: "OPTIONS", path: "/files" });
});

test("a page elsewhere may ask with the sandbox's headers", async () => {
  const headers = {
    origin: "https://app.example",
    "access-control-request-method": "POST",
    "access-control-request-headers": "e2b-sandbox-id,e2b-sandbox-port,x-access-token",
  };
  const answer = await fetch(`${scene.url}/process.Process/Start`, { method: "OPTIONS", headers });
  expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  expect(answer.headers.get("access-control-allow-headers")).toContain("e2b-sandbox-id");
  expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  const control = await fetch(`${scene.url}/v1/sandboxes`, {
    method: "OPTIONS",
    headers: { ...headers, "access-control-request-headers": "x-api-key" },
  });
  expect(control.headers.get("access-control-allow-origin")).toBeNull();
});

describe("a signed link that names no sandbox", () => {
  const link = (
    changes: Record<string, string> = {},
    operation: "read" | "write" = "read",
    sandboxId = id,
  ): string => {
    const fields = {
      path: "/a b.html",
      user: "",
      operation,
      accessToken: scene.accessToken(sandboxId),
      expiration: null,
    };
    const query = new URLSearchParams({ path: fields.path, signature: signatureOf(fields), ...changes });
    return `${scene.url}/files?${query}`;
  };

  test("goes to the sandbox that signed it, and cannot run as the dashboard's page", async () => {
    const answer = await fetch(link());
    expect(((await answer.json()) as { path: string }).path).toStartWith("/files?path=");
    expect(answer.headers.get("content-disposition")).toBe("attachment");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect(answer.headers.get("content-security-policy")).toStartWith("sandbox");
    const written = await fetch(link({}, "write"), { method: "POST", body: "x" });
    expect(await written.json()).toMatchObject({ method: "POST" });
    expect((await fetch(link({}, "read", other))).status).toBe(200);
  });

  test("is refused when it is nobody's, with what to do instead", async () => {
    const refused: Promise<Response>[] = [
      fetch(link({ path: "/other" })),
      fetch(link({ username: "root" })),
      fetch(link({ signature: "v1_short" })),
      fetch(link({ signature: "" })),
      fetch(link({}, "write")),
      fetch(link(), { method: "POST", body: "x" }),
    ];
    for (const answer of await Promise.all(refused)) {
      const body = (await answer.json()) as { code: number; message: string };
      expect([answer.status, body.code]).toEqual([400, 400]);
      expect(body.message).toContain("wildcard domain");
    }
  });

  test("counts no sandbox that does not run", async () => {
    const paused = await scene.api.create();
    const address = link({}, "read", paused);
    expect((await fetch(address)).status).toBe(200);
    await scene.api.pause(paused);
    expect((await fetch(address)).status).toBe(400);
  });
});

test("searching for signers is limited by address", async () => {
  await using limited = await TrafficScene.start({ WRENN_RATE_LIMITS: "signature=3/60" });
  const ask = async () => {
    const answer = await fetch(`${limited.url}/files?path=x&signature=v1_x`);
    return [answer.status, answer.headers.get("retry-after") !== null] as const;
  };
  for (let count = 0; count < 3; count += 1) expect(await ask()).toEqual([400, false]);
  expect(await ask()).toEqual([429, true]);
});

test("without the domain's own names, other hosts are the control plane's", async () => {
  await using own = await TrafficScene.start({ WRENN_SANDBOX_DOMAIN: "sbx.example.com" });
  const sandbox = await own.api.create();
  const ask = async (host: string) => {
    const answer = await fetch(`${own.url}/health`, { headers: { host, "x-api-key": own.api.apiKey } });
    return (await answer.json()) as { path?: string; status?: string };
  };
  expect((await ask(`3000-${hexOf(sandbox)}.sbx.example.com`)).path).toBe("/health");
  for (const host of [`3000-${hexOf(sandbox)}.other.example.com`, "api.sbx.example.com", "sbx.example.com"]) {
    expect([host, (await ask(host)).path]).toEqual([host, undefined]);
  }
});
