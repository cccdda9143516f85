/** What every request passes: ids, bodies, errors, logs, metrics, and the description of it all. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import type { TSchema } from "@sinclair/typebox";
import { HasTransform } from "@sinclair/typebox/value";

import { createApp } from "../../server/app.ts";
import { MAX_JSON_BYTES } from "../../server/http/bodies.ts";
import { call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { AnyBody, TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ WRENN_METRICS_TOKEN: "metrics token" });
});
afterAll(() => server.stop());

describe("request ids", () => {
  test("are made, or taken over when plain", async () => {
    const made = await call(server.url, "/health");
    expect(made.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    const own = await call(server.url, "/nowhere", { headers: { "x-request-id": "my-id.7" } });
    expect(own.headers.get("x-request-id")).toBe("my-id.7");
    const odd = await call(server.url, "/health", { headers: { "x-request-id": "a b" } });
    expect(odd.headers.get("x-request-id")).not.toBe("a b");
  });

  test("one log line per request, without secrets", async () => {
    const person = await signUp(server.url);
    const key = await createKey(server.url, person);
    await call(server.url, "/v1/api-keys?limit=7", {
      token: person.token,
      apiKey: key,
      headers: { "x-request-id": "logged-once", cookie: person.cookie },
    });
    const find = () => server.logs.filter((line) => line["request_id"] === "logged-once");
    await waitFor("the log line", () => find().length > 0);
    expect(find()).toHaveLength(1);
    expect(find()[0]).toMatchObject({
      method: "GET",
      path: "/v1/api-keys",
      status: 200,
      client: "127.0.0.1",
    });
    const all = JSON.stringify(server.logs);
    for (const secret of [person.token, person.password, person.cookie, key]) {
      expect(all).not.toContain(secret);
    }
  });
});

describe("bodies", () => {
  const post = (body: BodyInit, headers: Record<string, string> = { "content-type": "application/json" }) =>
    fetch(`${server.url}/v1/auth/login`, { method: "POST", body, headers });
  const codeOf = async (response: Response): Promise<[number, string | undefined]> => {
    const body: AnyBody = await response.json();
    return [response.status, body.error?.code];
  };

  test("above the limit: 413, told at once or while it comes", async () => {
    const big = "x".repeat(MAX_JSON_BYTES + 1);
    expect(await codeOf(await post(big))).toEqual([413, "payload_too_large"]);
    const chunked = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(65_536));
      },
    });
    expect(await codeOf(await post(chunked))).toEqual([413, "payload_too_large"]);
    expect(await codeOf(await post("x".repeat(20_000_000)))).toEqual([413, "payload_too_large"]);
  });

  test("not JSON: 400; not said to be JSON: 415; none where one is needed: 400", async () => {
    expect(await codeOf(await post("{"))).toEqual([400, "invalid_request"]);
    expect(await codeOf(await post("a=b", { "content-type": "application/x-www-form-urlencoded" }))).toEqual([
      415,
      "unsupported_media_type",
    ]);
    expect(await codeOf(await post(""))).toEqual([400, "invalid_request"]);
    expect(await codeOf(await post("null"))).toEqual([400, "invalid_request"]);
    expect(await codeOf(await post("[]"))).toEqual([400, "invalid_request"]);
  });

  test("names the field that does not fit, also deep inside", async () => {
    const answer = await call(server.url, "/v1/auth/login", { body: { email: "a", password: 5 } });
    expect(answer.body.error).toMatchObject({ code: "invalid_request", field: "password", rule: "type" });
    expect(answer.body.error?.message).toContain("password");
  });
});

test("an unknown path is 404 with a code", async () => {
  const answer = await call(server.url, "/v1/nothing");
  expect([answer.status, answer.body.error?.code]).toEqual([404, "not_found"]);
});

describe("metrics", () => {
  test("are Prometheus text for this machine", async () => {
    await call(server.url, "/health");
    const answer = await call(server.url, "/metrics");
    expect(answer.headers.get("content-type")).toContain("text/plain");
    expect(answer.body["text"]).toMatch(
      /^wrenn_http_requests_total\{method="GET",route="\/health",status="200"\} \d+$/m,
    );
  });

  test("through a proxy only with the token", async () => {
    const read = (headers: Record<string, string>) =>
      call(server.url, "/metrics", { headers: { "x-forwarded-for": "203.0.113.7", ...headers } });
    expect((await read({})).status).toBe(403);
    expect((await read({ authorization: "Bearer other" })).status).toBe(403);
    expect((await read({ authorization: "Bearer metrics token" })).status).toBe(200);
  });
});

describe("description", () => {
  interface Operation {
    summary?: string;
    tags?: string[];
    security?: unknown[];
  }
  interface Description extends AnyBody {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
  }

  test("every route is described with a summary, a tag and its door", async () => {
    const { body } = await call<Description>(server.url, "/openapi.json");
    expect(body.openapi).toStartWith("3.1");
    const app = createApp(server.server.services);
    const undocumented: string[] = [];
    for (const { method, path, hooks } of app.routes) {
      if (hooks.detail?.hide === true || path === "/openapi.json") continue;
      const described = body.paths[path.replaceAll(/:([^/]+)/g, "{$1}")];
      const operation = described?.[method === "WS" ? "get" : method.toLowerCase()];
      const isWhole = operation?.summary && operation.tags?.length && Array.isArray(operation.security);
      if (!isWhole) undocumented.push(`${method} ${path}`);
    }
    expect(undocumented).toEqual([]);
    const methods = new Set(Object.values(body.paths).flatMap((operations) => Object.keys(operations)));
    expect(
      [...methods].filter((method) => !["get", "put", "post", "delete", "patch"].includes(method)),
    ).toEqual([]);
    expect(Object.keys(body.paths)).toContain("/v1/auth/signup");
  });

  test("every route behind a door answers 401 to strangers, before it looks at the body", async () => {
    const { body } = await call<Description>(server.url, "/openapi.json");
    const open: string[] = [];
    // WebSockets may also sign in by their first message.
    const sockets = createApp(server.server.services).routes.filter(({ method }) => method === "WS");
    const socketPaths = new Set(sockets.map(({ path }) => path.replaceAll(/:([^/]+)/g, "{$1}")));
    for (const [path, operations] of Object.entries(body.paths)) {
      for (const [method, { security }] of Object.entries(operations)) {
        if (security?.length === 0 || path === "/v1/auth/logout" || socketPaths.has(path)) continue;
        const answer = await call(server.url, path.replaceAll(/\{[^}]+\}/g, "x"), {
          method: method.toUpperCase(),
          ...(method !== "get" && { body: {} }),
        });
        if (answer.status !== 401) open.push(`${method} ${path}: ${answer.status}`);
      }
    }
    expect(open).toEqual([]);
  });

  test("no answer is rewritten by its schema: it is checked, and sent as it is", () => {
    const rewritten: string[] = [];
    for (const { method, path, hooks } of createApp(server.server.services).routes) {
      const answers: Record<string, TSchema> = hooks.response ?? {};
      for (const [status, schema] of Object.entries(answers)) {
        if (HasTransform(schema, [])) rewritten.push(`${method} ${path}: ${status}`);
      }
    }
    expect(rewritten).toEqual([]);
  });

  test("the readable page loads nothing from elsewhere", async () => {
    const page = await fetch(`${server.url}/docs`);
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    const html = await page.text();
    expect(html).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect((await fetch(`${server.url}${path}`)).status).toBe(200);
    }
  });
});
