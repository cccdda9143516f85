/** The pages the server writes itself, as a browser gets them. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { githubEnvironment } from "../support/github.ts";
import { call, signUp, startTestServer } from "../support/server.ts";
import type { TestServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  // No request leaves the server here.
  server = await startTestServer({
    ...githubEnvironment({ url: "http://127.0.0.1:9" }),
    WRENN_SIGNUP: "domains:example.com",
  });
}, 30_000);
afterAll(() => server.stop());

const get = async (path: string): Promise<{ response: Response; text: string }> => {
  const response = await fetch(`${server.url}${path}`);
  return { response, text: await response.text() };
};

test("it is HTML that may load its own style and nothing else", async () => {
  const { response, text } = await get("/login");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(response.headers.get("content-security-policy")).toBe(
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(response.headers.get("referrer-policy")).toBe("no-referrer");
  expect(text).toContain("Sign in with GitHub");
  expect(text).not.toMatch(/<script|style="/);
  const style = await get("/pages/page.css");
  expect(style.response.headers.get("content-type")).toBe("text/css; charset=utf-8");
  expect(style.text).toContain("light-dark(");
});

test.each([
  ["/login?error=no_account", "There is no account for this login yet."],
  ["/login?error=%3Cscript%3E", "The sign-in did not work."],
  ["/login?error=flow_used&error=no_account&utm=1", "This sign-in was used already."],
])("%s says %p", async (path, words) => {
  const { response, text } = await get(path);
  expect(response.status).toBe(200);
  expect(text).toContain(words);
  expect(text).not.toContain("<script>");
});

test("the options tell of the first account, then of the policy", async () => {
  const options = async () => (await call(server.url, "/v1/auth/options")).body;
  const providers = [{ id: "github", name: "GitHub" }];
  expect(await options()).toEqual({
    signup: "first_account",
    setup_code_required: false,
    providers,
    error_words: null,
  });
  await signUp(server.url);
  expect(await options()).toEqual({
    signup: "domains",
    setup_code_required: false,
    providers,
    error_words: null,
  });
});

test("the options have words for an error, of our own alone", async () => {
  const words = async (code: string) =>
    (await call(server.url, `/v1/auth/options?error=${code}`)).body.error_words;
  expect(await words("no_account")).toMatchObject({ title: "There is no account for this login yet." });
  expect(await words("%3Cscript%3E")).toMatchObject({ title: "The sign-in did not work." });
});

test("the page of a one-time link: its script and style are served, and it may send to this server alone", async () => {
  const { response, text } = await get("/set-password");
  expect(response.status).toBe(200);
  expect(response.headers.get("content-security-policy")).toContain("script-src 'self'; connect-src 'self'");
  expect(text).not.toMatch(/<script>|style="|onclick/);
  for (const [, path] of text.matchAll(/(?:src|href)="(\/pages[^"]+)"/g)) {
    expect((await get(path ?? "")).response.status).toBe(200);
  }
});
