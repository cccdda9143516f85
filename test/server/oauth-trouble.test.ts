/** Providers that hang, refuse, lie or are not there: a sentence for the person, a reason in the log. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { BrowserJar } from "../support/browser-jar.ts";
import { freePort } from "../support/free-port.ts";
import { browserOf, GithubScene, startAt } from "../support/github-scene.ts";
import { githubEnvironment, hang } from "../support/github.ts";
import { goToCallback, startReachableServer, visit, whoIsIn } from "../support/provider-sign-in.ts";
import { call, signUp } from "../support/server.ts";
import type { TestServer } from "../support/server.ts";

const TIMEOUT_MS = 400;
/** The deadline, and what a busy machine adds. */
const PATIENCE_MS = TIMEOUT_MS + 4_000;

const TOKEN = "/login/oauth/access_token";
const USER = "/api/v3/user";
const EMAILS = "/api/v3/user/emails";

let scene: GithubScene;
beforeAll(async () => {
  scene = await GithubScene.start({ WRENN_OAUTH_TIMEOUT_MS: String(TIMEOUT_MS) });
}, 30_000);
afterAll(() => scene.stop());
afterEach(() => scene.github.odd.clear());

const failuresIn = ({ logs }: Pick<TestServer, "logs">) =>
  logs.filter(({ message }) => message === "a sign-in provider failed");

/** Begins, then wants to contain nothing of it. */
const neverEnding = (): Response =>
  new Response(new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("{")) }));

const huge = (): Response =>
  new Response(
    new ReadableStream({
      pull: (controller) => controller.enqueue(Buffer.alloc(65_536, " ")),
    }),
  );

const seeOther = (): Response =>
  new Response(null, { status: 302, headers: { location: "http://127.0.0.1:1/" } });

describe("GitHub", () => {
  test.each<[string, string, (request: Request) => Response | Promise<Response>, string]>([
    ["hangs", TOKEN, hang, "TimeoutError"],
    ["hangs", USER, hang, "TimeoutError"],
    ["hangs", EMAILS, hang, "TimeoutError"],
    ["begins to answer and hangs", TOKEN, neverEnding, "TimeoutError"],
    ["answers without end", TOKEN, huge, "exceeds 1048576 bytes"],
    ["sends elsewhere", TOKEN, seeOther, "unexpected HTTP status code"],
    ["sends elsewhere", USER, seeOther, "GitHub answers 302 to /user"],
    ["is broken", TOKEN, () => new Response("<h1>Unicorn!</h1>", { status: 502 }), "unexpected HTTP status"],
    ["answers with a page", TOKEN, () => new Response("<h1>Hello</h1>"), "content-type"],
    ["refuses", TOKEN, () => Response.json({ error: "slow_down" }), "GitHub refused the code: slow_down"],
    ["gives no token", TOKEN, () => Response.json({ token_type: "bearer" }), "access_token"],
    ["names nobody", USER, () => Response.json({ login: "ada" }), "GitHub's user has not the form"],
    ["names nobody", USER, () => Response.json({ id: "1", login: "ada" }), "GitHub's user has not the form"],
    ["forbids", EMAILS, () => new Response(null, { status: 403 }), "GitHub answers 403 to /user/emails"],
    ["tells no addresses", EMAILS, () => Response.json({}), "GitHub's list of addresses has not the form"],
  ])("%s at %s", async (_what, path, answer, logged) => {
    scene.github.odd.set(path, answer);
    const browser = browserOf(scene.newPerson());
    const callback = await goToCallback(browser, startAt(scene.url, "signup"));
    const startedMs = performance.now();
    expect(await visit(browser, callback)).toBe("provider_error");
    expect(performance.now() - startedMs).toBeLessThan(PATIENCE_MS);
    expect(await whoIsIn(browser, scene.url)).toBeNull();
    const failure = failuresIn(scene.server).at(-1);
    expect(failure).toMatchObject({ level: "warn", provider: "github" });
    expect(JSON.stringify(failure)).toContain(logged);
  });

  test.each([
    ["an error of its own", "error", "server_error"],
    ["another issuer", "iss", "https://evil.example.com"],
    ["an ID token", "id_token", "x.y.z"],
  ])("comes back with %s", async (_what, name, value) => {
    const browser = browserOf(scene.newPerson());
    const callback = await goToCallback(browser, startAt(scene.url, "signup"));
    callback.searchParams.set(name, value);
    callback.searchParams.set("error_description", "<b>words of a stranger</b>");
    const back = await browser.request(callback);
    expect(back.headers.get("location")).toBe(`${scene.url}/login?error=provider_error`);
  });

  test("comes back with two codes", async () => {
    const browser = browserOf(scene.newPerson());
    const callback = await goToCallback(browser, startAt(scene.url, "signup"));
    callback.searchParams.append("code", "another");
    expect(await visit(browser, callback)).toBe("provider_error");
  });

  test("logs hold neither codes nor secrets, and say what the provider said", async () => {
    const env = { ...githubEnvironment(scene.github), WRENN_GITHUB_CLIENT_SECRET: "not-the-right-secret" };
    const misconfigured = await startReachableServer(env);
    try {
      const browser = browserOf(scene.newPerson());
      const callback = await goToCallback(browser, startAt(misconfigured.url, "signup"));
      const cookie = browser.cookieFor(callback).split("=").at(-1) ?? "";
      expect(await visit(browser, callback)).toBe("provider_error");
      const text = JSON.stringify(misconfigured.logs);
      expect(text).toContain("incorrect_client_credentials");
      const { searchParams } = callback;
      for (const secret of [searchParams.get("code"), searchParams.get("state"), cookie, "not-the-right"]) {
        expect(secret).toBeTruthy();
        expect(text).not.toContain(String(secret));
      }
    } finally {
      await misconfigured.stop();
    }
  });
});

describe("an issuer that is away", () => {
  let server: TestServer;
  let port: number;
  beforeAll(async () => {
    port = await freePort();
    server = await startReachableServer({
      WRENN_OIDC_ISSUER: `http://127.0.0.1:${port}`,
      WRENN_OIDC_CLIENT_ID: "wrenn",
      WRENN_OIDC_CLIENT_SECRET: "secret",
      WRENN_OAUTH_TIMEOUT_MS: String(TIMEOUT_MS),
    });
  }, 30_000);
  afterAll(() => server.stop());

  test("does not keep the server from starting, and is asked again when it is back", async () => {
    const start = `${server.url}/auth/oauth/oidc`;
    expect(await visit(new BrowserJar(), start)).toBe("provider_error");
    const { token } = await signUp(server.url);
    const answer = await call(server.url, "/v1/me/identities/oidc", { method: "POST", token });
    expect([answer.status, answer.body.error?.code]).toEqual([503, "provider_error"]);

    const issuer = `http://127.0.0.1:${port}`;
    let asked = 0;
    const back = Bun.serve({
      port,
      hostname: "127.0.0.1",
      fetch: () => {
        asked += 1;
        return Response.json({ issuer, authorization_endpoint: `${issuer}/auth` });
      },
    });
    try {
      const going = await new BrowserJar().open(start, ({ pathname }) => pathname === "/auth");
      expect(going.url.searchParams.get("scope")).toBe("openid email profile");
      // Known now.
      await new BrowserJar().open(start, ({ pathname }) => pathname === "/auth");
      expect(asked).toBe(1);
    } finally {
      await back.stop(true);
    }
  });
});
