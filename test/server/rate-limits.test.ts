/** Rate limits over HTTP: what an answer tells, who is counted together, and what never is. */
import { describe, expect, test } from "bun:test";
import { request as httpRequest } from "node:http";

import { Elysia } from "elysia";

import { ServerProcess } from "../support/server-process.ts";
import { call, createKey, signUp, startTestServer } from "../support/server.ts";
import type { Answer, CallOptions, TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

const withLimits = async (
  limits: string,
  work: (server: TestServer) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> => {
  const server = await startTestServer({ WRENN_RATE_LIMITS: limits, ...env });
  try {
    await work(server);
  } finally {
    await server.stop();
  }
};

/** The tests' own address speaks for others. */
const BEHIND_PROXY = { WRENN_TRUSTED_PROXIES: "127.0.0.1" };
const from = (address: string): CallOptions => ({ headers: { "x-forwarded-for": address } });

const logIn = (url: string, email: string, options: CallOptions = {}) =>
  call(url, "/v1/auth/login", { body: { email, password: "not the one" }, ...options });

const statuses = async (times: number, ask: () => Promise<Answer>): Promise<number[]> => {
  const found: number[] = [];
  while (found.length < times) found.push((await ask()).status);
  return found;
};

const limitsOf = ({ headers }: { headers: Headers }) =>
  ["limit", "remaining", "reset"].map((name) => Number(headers.get(`ratelimit-${name}`) ?? Number.NaN));

const expectRefused = (answer: Answer, className: string): void => {
  const retryAfter = answer.headers.get("retry-after") ?? "";
  expect(retryAfter).toMatch(/^[1-9]\d*$/);
  expect(answer.headers.get("ratelimit-reset")).toBe(retryAfter);
  expect(answer.headers.get("ratelimit-remaining")).toBe("0");
  expect(answer.status).toBe(429);
  expect(answer.body.error).toMatchObject({
    code: "rate_limited",
    class: className,
    retry_after_sec: Number(retryAfter),
    message: expect.stringContaining(`Try again in ${retryAfter} seconds.`),
  });
};

describe("an answer tells what is left", () => {
  test("of reads and of writes, by caller, also when it is an error; a refusal says when to come again", () =>
    withLimits("read=3/3600,write=3/3600", async ({ url }) => {
      const [person, other] = [await signUp(url), await signUp(url)];
      const me = (token = person.token) => call(url, "/v1/me", { token });
      const first = await me();
      expect([first.status, ...limitsOf(first)]).toEqual([200, 3, 2, expect.any(Number)]);
      const missing = await call(url, "/v1/sandboxes/sb-00000000-0000-7000-8000-000000000000", {
        token: person.token,
      });
      expect([missing.status, ...limitsOf(missing)]).toEqual([404, 3, 1, expect.any(Number)]);
      expect(limitsOf(await me()).slice(0, 2)).toEqual([3, 0]);
      expectRefused(await me(), "read");
      // A key is a caller of its own, and so is everyone else.
      const key = await createKey(url, person);
      expect((await call(url, "/v1/sandboxes", { apiKey: key })).status).toBe(200);
      expect((await me(other.token)).status).toBe(200);
    }));

  test("with an answer that is streamed, too", () =>
    withLimits("read=3/3600", async ({ url, server }) => {
      const key = await createKey(url, await signUp(url));
      const app = new Elysia()
        .derive(server.services.guards.keyOrTeam({ scopes: ["sandboxes"] }))
        .get("/", () => new Response(new Blob(["bytes"]).stream(), { headers: { etag: "1" } }));
      const request = new Request("http://localhost/", { headers: { "x-api-key": key } });
      const answer = await app.handle(request);
      expect([await answer.text(), answer.headers.get("etag")]).toEqual(["bytes", "1"]);
      expect(limitsOf(answer).slice(0, 2)).toEqual([3, 2]);
    }));

  test("a socket opens with a write, with credentials on the upgrade or after it", () =>
    withLimits("write=1/3600,link=1/3600", async ({ url }) => {
      const key = await createKey(url, await signUp(url));
      const path = "/v1/sandboxes/sb-00000000-0000-7000-8000-000000000000/pty";
      const open = (headers: Record<string, string>): Promise<number> => {
        const { promise, resolve, reject } = Promise.withResolvers<number>();
        const upgrade = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13" };
        const secret = { "sec-websocket-key": Buffer.alloc(16).toString("base64") };
        httpRequest(`${url}${path}`, { headers: { ...upgrade, ...secret, ...headers } })
          .on("response", ({ statusCode = 0 }) => resolve(statusCode))
          .on("upgrade", (_answer, socket) => {
            socket.destroy();
            resolve(101);
          })
          .on("error", reject)
          .end();
        return promise;
      };
      expect(await open({ "x-api-key": key })).toBe(101);
      expect(await open({ "x-api-key": key })).toBe(429);
      const socket = new WebSocket(`${url.replace("http", "ws")}${path}`);
      socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "auth", api_key: key })));
      const said = new Promise((resolve) => {
        socket.addEventListener("message", ({ data }) => resolve(JSON.parse(String(data))));
      });
      expect(await said).toMatchObject({ type: "error", code: "rate_limited", class: "write" });
      expect(await open({})).toBe(429);
    }));
});

describe("sign-ins", () => {
  test("by client address, whatever it says about itself, and whoever is tried", () =>
    withLimits("login=3/3600", async ({ url }) => {
      const person = await signUp(url);
      expect((await logIn(url, "nobody@example.com", from("198.51.100.1"))).status).toBe(401);
      const known = await logIn(url, person.email, from("198.51.100.2"));
      expect([known.status, ...limitsOf(known).slice(0, 2)]).toEqual([401, 3, 1]);
      expect((await logIn(url, "nobody@example.com", from("198.51.100.3"))).status).toBe(401);
      expectRefused(await logIn(url, person.email, from("198.51.100.4")), "login");
      const right = { body: { email: person.email, password: person.password } };
      expect((await call(url, "/v1/auth/login", right)).status).toBe(429);
      // Who is signed in already does not notice.
      expect((await call(url, "/v1/me", { token: person.token })).status).toBe(200);
      const { body } = await call(url, "/metrics");
      expect(body["text"]).toContain('wrenn_rate_limited_total{class="login"} 2\n');
    }));

  test("behind a trusted proxy clients are counted apart; an IPv6 network is one client", () =>
    withLimits(
      "login=1/3600",
      async ({ url }) => {
        const statusFrom = async (address: string) =>
          (await logIn(url, "nobody@example.com", from(address))).status;
        expect([await statusFrom("198.51.100.1"), await statusFrom("198.51.100.1")]).toEqual([401, 429]);
        expect(await statusFrom("203.0.113.9, 198.51.100.2")).toBe(401);
        expect([await statusFrom("2001:db8::1"), await statusFrom("2001:db8::beef:2")]).toEqual([401, 429]);
        expect(await statusFrom("2001:db8:0:1::1")).toBe(401);
      },
      BEHIND_PROXY,
    ));

  test("by e-mail address from many clients, known or not, in any case", () =>
    withLimits(
      "login_email=3/3600",
      async ({ url }) => {
        const person = await signUp(url);
        for (const email of [person.email, "nobody@example.com"]) {
          let client = 0;
          const attempt = (text: string) => logIn(url, text, from(`198.51.100.${(client += 1)}`));
          expect(await statuses(3, () => attempt(email.toUpperCase()))).toEqual([401, 401, 401]);
          expectRefused(await attempt(` ${email}`), "login_email");
        }
        expect((await logIn(url, "other@example.com", from("198.51.100.1"))).status).toBe(401);
      },
      BEHIND_PROXY,
    ));

  test("two servers count together, at once, and time heals on both", () =>
    withLimits("login=2/2", async ({ url, database }) => {
      const wide = { WRENN_RATE_LIMITS: "login=20/3600" };
      await using second = await ServerProcess.start(database.url, wide);
      await using third = await ServerProcess.start(database.url, wide);
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, index) => logIn([second, third][index % 2]?.url ?? "", "a@b.c")),
      );
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(20);
      expect(answers.filter(({ status }) => status === 429)).toHaveLength(40);
      await database.sql`update rate_limits set window_start = window_start - interval '2 hours'`;
      // This one has refused nobody yet, so it asks the database; its own windows are short.
      expect((await logIn(url, "a@b.c")).status).toBe(401);
      await waitFor("one is refused", async () => {
        const burst = await Promise.all(Array.from({ length: 10 }, () => logIn(url, "a@b.c")));
        return burst.some(({ status }) => status === 429);
      });
      await waitFor(
        "the next one passes",
        async () => (await logIn(url, "a@b.c")).status === 401,
        10_000,
        50,
      );
    }));

  test("a flood past the limit asks the database nothing", () =>
    withLimits(
      "login=2/3600",
      async ({ url, database }) => {
        const attempt = (address: string) => logIn(url, "nobody@example.com", from(address));
        expect(await statuses(3, () => attempt("198.51.100.1"))).toEqual([401, 401, 429]);
        await database.ownerSql`alter table rate_limits rename to rate_limits_away`;
        expect((await attempt("198.51.100.2")).status).toBe(500);
        const flood = await Promise.all(Array.from({ length: 200 }, () => attempt("198.51.100.1")));
        expect(flood.every(({ status }) => status === 429)).toBe(true);
      },
      BEHIND_PROXY,
    ));
});

test("sign-ups by client address", () =>
  withLimits("signup=2/3600", async ({ url }) => {
    const request = () => ({
      body: { email: `${crypto.randomUUID()}@b.c`, password: "a fine long sentence", name: "Ada" },
    });
    const first = await call(url, "/v1/auth/signup", request());
    expect([first.status, ...limitsOf(first).slice(0, 2)]).toEqual([201, 2, 1]);
    expect((await call(url, "/v1/auth/signup", request())).status).toBe(201);
    expectRefused(await call(url, "/v1/auth/signup", request()), "signup");
  }));

test("look-ups of people, by person, on all servers", () =>
  withLimits("search=2/3600", async ({ url, database }) => {
    const [person, other] = [await signUp(url), await signUp(url)];
    await using second = await ServerProcess.start(database.url, { WRENN_RATE_LIMITS: "search=2/3600" });
    const search = (base: string, { token }: { token: string }) =>
      call(base, "/v1/users/search?email=ada@example", { token });
    const first = await search(url, person);
    expect([first.status, ...limitsOf(first).slice(0, 2)]).toEqual([200, 2, 1]);
    expect((await search(second.url, person)).status).toBe(200);
    expectRefused(await search(second.url, person), "search");
    expectRefused(await search(url, person), "search");
    expect((await search(url, other)).status).toBe(200);
  }));

test("a password is guessed no faster from within a session", () =>
  withLimits("login_email=2/3600", async ({ url }) => {
    const person = await signUp(url);
    const change = () =>
      call(url, "/v1/me/password", {
        token: person.token,
        body: { current_password: "not the one", new_password: "a fine long sentence" },
      });
    const found = await statuses(2, change);
    expect(found).not.toContain(429);
    expectRefused(await change(), "login_email");
    expect((await logIn(url, person.email)).status).toBe(429);
  }));

test("secrets that count once, by client address: cookies and hosts' tokens", () =>
  withLimits("link=2/3600", async ({ url }) => {
    const refresh = () => call(url, "/v1/auth/refresh", { method: "POST" });
    const hostRefresh = () =>
      call(url, "/v1/hosts/auth/refresh", { body: { refresh_token: "0".repeat(64) } });
    expect([(await refresh()).status, (await hostRefresh()).status]).toEqual([401, 401]);
    expectRefused(await refresh(), "link");
    expectRefused(await hostRefresh(), "link");
    const link = { body: { token: "0".repeat(64), password: "a fine long sentence" } };
    expectRefused(await call(url, "/v1/auth/set-password", link), "link");
  }));

describe("bad credentials, by client address", () => {
  test("cost 429 past the limit; a key that was good here and signed-in people pass", () =>
    withLimits(
      "failed=3/3600",
      async ({ url }) => {
        const person = await signUp(url);
        const [used, unused] = [await createKey(url, person), await createKey(url, person)];
        const list = (apiKey: string, address = "198.51.100.1") =>
          call(url, "/v1/sandboxes", { apiKey, ...from(address) });
        expect((await list(used)).status).toBe(200);
        const unknown = () => list(`wrn_${crypto.randomUUID().replaceAll("-", "")}`);
        expect([(await unknown()).status, (await list("no key at all")).status]).toEqual([401, 401]);
        const badToken = () => call(url, "/v1/me", { token: "a.b.c", ...from("198.51.100.1") });
        expect((await badToken()).status).toBe(401);
        expectRefused(await unknown(), "failed");
        expectRefused(await badToken(), "failed");
        // A right guess is refused as well.
        expectRefused(await list(unused), "failed");
        expect((await list(unused, "198.51.100.2")).status).toBe(200);
        expect((await list(used)).status).toBe(200);
        expect((await call(url, "/v1/me", { token: person.token, ...from("198.51.100.1") })).status).toBe(
          200,
        );
      },
      BEHIND_PROXY,
    ));

  test("none at all are no guess", () =>
    withLimits("failed=1/3600", async ({ url }) => {
      expect(await statuses(3, () => call(url, "/v1/me"))).toEqual([401, 401, 401]);
    }));
});

test("off: nothing is counted, and no answer speaks of limits", async () => {
  const server = await startTestServer({ WRENN_RATE_LIMITS: "off" });
  try {
    const person = await signUp(server.url);
    const answer = await call(server.url, "/v1/me", { token: person.token });
    expect(answer.headers.has("ratelimit-limit")).toBe(false);
    expect([...(await server.database.sql`select * from rate_limits`)]).toEqual([]);
  } finally {
    await server.stop();
  }
});
