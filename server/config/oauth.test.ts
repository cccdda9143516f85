import { describe, expect, test } from "bun:test";

import { ConfigError } from "./environment.ts";
import { githubApiUrl, readOauth } from "./oauth.ts";

const GITHUB = { WRENN_GITHUB_CLIENT_ID: "id", WRENN_GITHUB_CLIENT_SECRET: "secret" };
const OIDC = {
  WRENN_OIDC_ISSUER: "https://id.example.com/realm/",
  WRENN_OIDC_CLIENT_ID: "id",
  WRENN_OIDC_CLIENT_SECRET: "secret",
};

describe("readOauth", () => {
  test("offers nothing by default", () => {
    expect(readOauth({})).toEqual({ github: null, oidc: null, timeoutMs: 10_000 });
  });

  test("a client of GitHub is enough for github.com", () => {
    expect(readOauth(GITHUB).github).toEqual({
      clientId: "id",
      clientSecret: "secret",
      url: "https://github.com",
      apiUrl: "https://api.github.com",
    });
  });

  test("another GitHub, with its API elsewhere", () => {
    const urls = {
      WRENN_GITHUB_URL: "https://git.example.com/",
      WRENN_GITHUB_API_URL: "http://127.0.0.1:8/",
    };
    expect(readOauth({ ...GITHUB, ...urls }).github).toMatchObject({
      url: "https://git.example.com",
      apiUrl: "http://127.0.0.1:8",
    });
  });

  test("an OpenID Connect issuer", () => {
    expect(readOauth({ ...OIDC, WRENN_OIDC_NAME: "Example ID" }).oidc).toEqual({
      clientId: "id",
      clientSecret: "secret",
      issuer: "https://id.example.com/realm/",
      name: "Example ID",
    });
    expect(readOauth(OIDC).oidc?.name).toBe("Single sign-on");
  });

  test.each([
    [{ WRENN_GITHUB_CLIENT_ID: "id" }, "WRENN_GITHUB_CLIENT_SECRET"],
    [{ WRENN_GITHUB_CLIENT_SECRET: "secret" }, "WRENN_GITHUB_CLIENT_ID"],
    [{ ...OIDC, WRENN_OIDC_ISSUER: "" }, "WRENN_OIDC_ISSUER"],
    [{ ...OIDC, WRENN_OIDC_CLIENT_ID: " " }, "WRENN_OIDC_CLIENT_ID"],
    [{ WRENN_OIDC_ISSUER: "https://id.example.com" }, "WRENN_OIDC_CLIENT_ID"],
    [{ ...OIDC, WRENN_OIDC_CLIENT_SECRET: "" }, "WRENN_OIDC_CLIENT_SECRET"],
    [{ ...GITHUB, WRENN_GITHUB_URL: "http://git.example.com" }, "WRENN_GITHUB_URL"],
    [{ ...GITHUB, WRENN_GITHUB_URL: "git.example.com" }, "WRENN_GITHUB_URL"],
    [{ ...GITHUB, WRENN_GITHUB_API_URL: "https://api.example.com?x=1" }, "WRENN_GITHUB_API_URL"],
    [{ ...OIDC, WRENN_OIDC_ISSUER: "http://id.example.com" }, "WRENN_OIDC_ISSUER"],
    [{ ...OIDC, WRENN_OIDC_ISSUER: "https://id.example.com#x" }, "WRENN_OIDC_ISSUER"],
    [{ ...OIDC, WRENN_OIDC_NAME: "x".repeat(41) }, "WRENN_OIDC_NAME"],
    [{ WRENN_OAUTH_TIMEOUT_MS: "soon" }, "WRENN_OAUTH_TIMEOUT_MS"],
  ])("%p: the sentence names %s", (env, name) => {
    expect(() => readOauth(env)).toThrow(ConfigError);
    expect(() => readOauth(env)).toThrow(new RegExp(`^${name}: `));
  });

  test("plain http is for this machine", () => {
    for (const host of ["127.0.0.1:9", "localhost:9", "[::1]:9"]) {
      const issuer = `http://${host}`;
      expect(readOauth({ ...OIDC, WRENN_OIDC_ISSUER: issuer }).oidc?.issuer).toBe(issuer);
    }
  });
});

test.each([
  ["https://github.com", "https://api.github.com"],
  ["https://example.ghe.com", "https://api.example.ghe.com"],
  ["https://git.example.com", "https://git.example.com/api/v3"],
  ["https://evil-ghe.com", "https://evil-ghe.com/api/v3"],
])("the API of %s is at %s", (url, expected) => expect(githubApiUrl(url)).toBe(expected));
