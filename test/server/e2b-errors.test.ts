/** On every path of E2B's clients every error has their body: `{code:<number>,message}`. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { UNSUPPORTED_CALLS } from "../../server/e2b/unsupported.ts";
import { E2bApi, type E2bBody } from "../support/e2b-api.ts";
import {
  type Answer,
  call,
  createKey,
  signUp,
  startTestServer,
  type TestPerson,
  type TestServer,
} from "../support/server.ts";

setDefaultTimeout(60_000);

let server: TestServer;
let person: TestPerson;
let api: E2bApi;

beforeAll(async () => {
  server = await startTestServer();
  person = await signUp(server.url);
  api = new E2bApi(server.url, await createKey(server.url, person));
});
afterAll(() => server.stop());

const expectError = ({ status, body }: Answer<E2bBody>, expected: number): void => {
  expect(Object.keys(body)).toEqual(["code", "message"]);
  expect([status, body.code]).toEqual([expected, expected]);
  expect(body.message).toMatch(/^[A-Z`"].*\.$/s);
};

describe("unknown paths", () => {
  test.each([
    "/sandboxes/x/y/z",
    "/sandboxes/00000000000000000000000000000000/nope",
    "/v2",
    "/v2/",
    "/v2/nope",
    "/v3/sandboxes",
    "/snapshots/x",
    "/templates/aliases/a/b",
    "/volumes/x/y",
    "/secrets/x/y",
    "/teams/x",
  ])("GET %s", async (path) => expectError(await api.request(path), 404));

  test("a method that a path has not", async () => {
    expectError(await api.request("/snapshots", {}, "POST"), 404);
    expectError(await api.request("/sandboxes", {}, "PUT"), 404);
  });

  test.each(["/v1/nope", "/sandboxesx", "/v20/sandboxes", "/nope"])("%s is Wrenn's own", async (path) => {
    const answer = await call(server.url, path);
    expect([answer.status, answer.body.error?.code]).toEqual([404, "not_found"]);
  });
});

describe("who may", () => {
  const ask = (headers: Record<string, string>) => call<E2bBody>(server.url, "/v2/sandboxes", { headers });

  test("nobody without a key, or with one that does not count", async () => {
    expectError(await ask({}), 401);
    for (const key of ["nope", `e2b_${"0".repeat(32)}`, `e2b_${"0".repeat(40)}`, ""]) {
      expectError(await ask({ "x-api-key": key }), 401);
    }
  });

  test("a key with either prefix, in a header of any case", async () => {
    const hex = api.apiKey.slice("wrn_".length);
    expect((await ask({ "X-API-KEY": `wrn_${hex}` })).status).toBe(200);
    expect((await ask({ "x-api-key": `e2b_${hex}` })).status).toBe(200);
  });

  test("a key without the scope is told so", async () => {
    const key = await createKey(server.url, person, { scopes: ["read"] });
    const answer = await call<E2bBody>(server.url, "/v2/sandboxes", {
      apiKey: key,
      body: { templateID: "base" },
    });
    expectError(answer, 403);
    expect(answer.body.message).toContain("sandboxes");
  });
});

test("too many requests: 429 with whole seconds", async () => {
  const limited = await startTestServer({ WRENN_RATE_LIMITS: "read=2/3600" });
  try {
    const other = new E2bApi(limited.url, await createKey(limited.url, await signUp(limited.url)));
    await other.ok("/v2/sandboxes");
    const answers = [await other.request("/snapshots"), await other.request("/templates")];
    const refused = answers.at(-1);
    if (!refused) throw new Error("no answer");
    expectError(refused, 429);
    expect(refused.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
  } finally {
    await limited.stop();
  }
});

test("no host: 503 with whole seconds", async () => {
  const answer = await api.request("/v2/sandboxes", { templateID: "base" });
  expectError(answer, 503);
  expect(answer.headers.get("retry-after")).toBe("1");
});

test("a mistake of the server's own tells nothing of itself", async () => {
  const broken = await startTestServer();
  try {
    const other = new E2bApi(broken.url, await createKey(broken.url, await signUp(broken.url)));
    await broken.database.ownerSql`alter table sandboxes rename to elsewhere`;
    const answer = await other.request("/v2/sandboxes");
    expectError(answer, 500);
    expect(answer.body.message).not.toContain("sandboxes");
  } finally {
    await broken.stop();
  }
});

test("a body that is no JSON, of another type, or an array", async () => {
  const send = (body: string, type: string) =>
    fetch(`${server.url}/v2/sandboxes`, {
      method: "POST",
      headers: { "x-api-key": api.apiKey, "content-type": type },
      body,
    });
  for (const [body, type, expected] of [
    ["{", "application/json", 400],
    ["[]", "application/json", 400],
    ['"x"', "application/json", 400],
    ["templateID=base", "application/x-www-form-urlencoded", 415],
  ] as const) {
    const answer = await send(body, type);
    expect([answer.status, (await answer.json()).code]).toEqual([expected, expected]);
  }
});

describe("what is not supported", () => {
  test.each(UNSUPPORTED_CALLS.map(({ method, path }) => [method, path]))("%s %s", async (method, path) => {
    const url = path.replaceAll(/:\w+/g, "x");
    const body = method === "GET" ? undefined : {};
    const answer = await api.request(url, body, method);
    expectError(answer, 501);
    expectError(await call<E2bBody>(server.url, url, { method, body }), 401);
  });
});
