/** Configuration of signing in through other providers. */
import { fail, read, readMs } from "./environment.ts";
import type { Environment } from "./environment.ts";
import { isSecureUrl } from "./secure-url.ts";

interface ClientConfig {
  clientId: string;
  clientSecret: string;
}

export interface GithubConfig extends ClientConfig {
  /** Both without a trailing slash. */
  url: string;
  apiUrl: string;
}

export interface OidcConfig extends ClientConfig {
  /** As the issuer writes itself: some end with a slash. */
  issuer: string;
  /** What people know it by. */
  name: string;
}

export interface OauthConfig {
  /** Null: not offered. */
  github: GithubConfig | null;
  oidc: OidcConfig | null;
  /** Longest wait for a provider: for what it tells of itself, and for who it is that came. */
  timeoutMs: number;
}

const MAX_NAME = 40;

/**
 * Reads variables that count only together. Null when none of them is set; to ask for one that is missing
 * beside others ends the start.
 */
const readTogether = <N extends string>(env: Environment, names: readonly N[]) => {
  const given = names.find((name) => read(env, name) !== null);
  if (given === undefined) return null;
  return (name: N): string => read(env, name) ?? fail(name, `is needed beside ${given}`);
};

const checkUrl = (name: string, text: string): string => {
  const url = URL.parse(text);
  if (url === null || !isSecureUrl(url) || url.search !== "" || url.hash !== "") {
    return fail(name, `expected an https address as https://id.example.com, found "${text}"`);
  }
  return text;
};

const checkBase = (name: string, text: string): string => checkUrl(name, text).replace(/\/+$/, "");

/**
 * Where a GitHub's API is: a host of its own for github.com and *.ghe.com, a path on GitHub Enterprise Server
 * (https://docs.github.com/en/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api).
 */
export const githubApiUrl = (githubUrl: string): string => {
  const { hostname } = new URL(githubUrl);
  const hasOwnHost = hostname === "github.com" || hostname.endsWith(".ghe.com");
  return hasOwnHost ? `https://api.${hostname}` : `${githubUrl}/api/v3`;
};

const readGithub = (env: Environment): GithubConfig | null => {
  const get = readTogether(env, ["WRENN_GITHUB_CLIENT_ID", "WRENN_GITHUB_CLIENT_SECRET"]);
  if (get === null) return null;
  const url = checkBase("WRENN_GITHUB_URL", read(env, "WRENN_GITHUB_URL") ?? "https://github.com");
  const apiUrl = checkBase("WRENN_GITHUB_API_URL", read(env, "WRENN_GITHUB_API_URL") ?? githubApiUrl(url));
  return {
    clientId: get("WRENN_GITHUB_CLIENT_ID"),
    clientSecret: get("WRENN_GITHUB_CLIENT_SECRET"),
    url,
    apiUrl,
  };
};

const readOidc = (env: Environment): OidcConfig | null => {
  const get = readTogether(env, ["WRENN_OIDC_ISSUER", "WRENN_OIDC_CLIENT_ID", "WRENN_OIDC_CLIENT_SECRET"]);
  if (get === null) return null;
  const name = read(env, "WRENN_OIDC_NAME") ?? "Single sign-on";
  if (name.length > MAX_NAME) fail("WRENN_OIDC_NAME", `expected at most ${MAX_NAME} characters`);
  return {
    clientId: get("WRENN_OIDC_CLIENT_ID"),
    clientSecret: get("WRENN_OIDC_CLIENT_SECRET"),
    issuer: checkUrl("WRENN_OIDC_ISSUER", get("WRENN_OIDC_ISSUER")),
    name,
  };
};

/** Throws `ConfigError` for the first value that cannot be used. */
export const readOauth = (env: Environment): OauthConfig => ({
  github: readGithub(env),
  oidc: readOidc(env),
  timeoutMs: readMs(env, "WRENN_OAUTH_TIMEOUT_MS", 10_000),
});
