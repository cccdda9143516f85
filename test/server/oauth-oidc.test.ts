/** Signing in through an OpenID Connect issuer: a real one, and one that forges its tokens. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { ZERO_UUID } from "../../proto/ids.ts";
import { BrowserJar } from "../support/browser-jar.ts";
import { startForgedIssuer } from "../support/forged-issuer.ts";
import type { ForgedIssuer, Forgery } from "../support/forged-issuer.ts";
import { freePort } from "../support/free-port.ts";
import { githubEnvironment, githubPerson, startGithub } from "../support/github.ts";
import type { TestGithub } from "../support/github.ts";
import { OIDC_CLIENT, startIssuer } from "../support/oidc-issuer.ts";
import type { IssuerOptions, OidcPerson, TestIssuer } from "../support/oidc-issuer.ts";
import {
  beginLink,
  goToCallback,
  startReachableServer,
  visit,
  whoIsIn,
} from "../support/provider-sign-in.ts";
import { call, signUp, startTestServer } from "../support/server.ts";
import type { TestServer } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

const clientEnvironment = (issuer: string): Record<string, string> => ({
  WRENN_OIDC_ISSUER: issuer,
  WRENN_OIDC_CLIENT_ID: OIDC_CLIENT.id,
  WRENN_OIDC_CLIENT_SECRET: OIDC_CLIENT.secret,
  WRENN_OIDC_NAME: "Example ID",
});

/** Issuer and server need each other's address beforehand. */
const startBoth = async (
  options: Omit<IssuerOptions, "redirectUri"> = {},
  env: Record<string, string> = {},
): Promise<{ issuer: TestIssuer; server: TestServer }> => {
  const listen = `127.0.0.1:${await freePort()}`;
  const publicUrl = `http://${listen}`;
  const issuer = await startIssuer({ ...options, redirectUri: `${publicUrl}/auth/oauth/oidc/callback` });
  const server = await startTestServer({
    WRENN_LISTEN: listen,
    WRENN_PUBLIC_URL: publicUrl,
    ...clientEnvironment(issuer.url),
    ...env,
  });
  await signUp(server.url, "Root");
  return { issuer, server };
};

const ada: OidcPerson = {
  sub: "248289761001",
  email: "Ada@Example.com",
  email_verified: true,
  name: "Ada Lovelace",
  preferred_username: "ada",
};

const browserOf = (issuer: TestIssuer, person: OidcPerson): BrowserJar => {
  issuer.people.set(person.sub, person);
  const browser = new BrowserJar();
  browser.setCookie("oidc_user", person.sub);
  return browser;
};

describe("a real issuer", () => {
  let issuer: TestIssuer;
  let server: TestServer;
  let github: TestGithub;
  let start: string;
  beforeAll(async () => {
    github = startGithub();
    ({ issuer, server } = await startBoth({}, githubEnvironment(github)));
    start = `${server.url}/auth/oauth/oidc`;
  }, 30_000);
  afterAll(async () => {
    await server.stop();
    await issuer.stop();
    await github.stop();
  });

  test("login knows nobody, sign-up makes the account, login then signs in", async () => {
    const browser = browserOf(issuer, ada);
    expect(await visit(browser, start)).toBe("no_account");
    expect(await visit(browser, `${start}?intent=signup`)).toBe("in");
    const signedIn = await whoIsIn(browser, server.url);
    expect(signedIn).toMatchObject({ email: "ada@example.com", name: "Ada Lovelace", role: "owner" });
    const [row] = await server.database.sql`select provider, provider_user_id, email from oauth_identities`;
    expect(row).toEqual({
      provider: "oidc",
      provider_user_id: `${issuer.url}#248289761001`,
      email: "ada@example.com",
    });
    const other = browserOf(issuer, ada);
    expect(await visit(other, start)).toBe("in");
    expect((await whoIsIn(other, server.url))?.user_id).toBe(signedIn?.user_id);
  });

  test("one account, both kinds of provider: either may go, not both", async () => {
    const account = await signUp(server.url);
    const link = async (provider: string, browser: BrowserJar) =>
      visit(browser, await beginLink(browser, { base: server.url, token: account.token, provider }));
    const person = { sub: "two", email: "two@example.com", email_verified: true };
    expect(await link("oidc", browserOf(issuer, person))).toBe("in");
    github.people.set("two", githubPerson(2, "two"));
    const githubBrowser = new BrowserJar();
    githubBrowser.setCookie("github_user", "two");
    expect(await link("github", githubBrowser)).toBe("in");

    const { sql, ownerSql } = server.database;
    await sql`update users set password_hash = null where email = ${account.email}`;
    const { token } = account;
    const unlink = (provider: string) =>
      call(server.url, `/v1/me/identities/${provider}`, { method: "DELETE", token });
    // The platform's audit trail is held, so both are under way before either can end.
    const answers = await ownerSql.begin(async (tx) => {
      await tx`select from audit_heads where team_id = ${ZERO_UUID} for update`;
      const both = Promise.all([unlink("oidc"), unlink("github")]);
      await waitFor("both wait", async () => {
        const waiting = await ownerSql`
          select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        return waiting.length === 2;
      });
      return { both };
    });
    expect((await answers.both).map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409]);
    const { body } = await call<{ items: unknown[] }>(server.url, "/v1/me/identities", { token });
    expect(body.items).toHaveLength(1);
  });

  test("cancelled", async () => {
    expect(await visit(new BrowserJar(), start)).toBe("access_denied");
  });

  test("a way out to one provider is no way back from the other", async () => {
    const browser = browserOf(issuer, ada);
    const callback = await goToCallback(browser, start);
    callback.pathname = "/auth/oauth/github/callback";
    expect(await visit(browser, callback)).toBe("flow_used");
  });

  test.each([
    ["unverified", { email: "x@example.com", email_verified: false }, "email_unverified"],
    ["of unknown state", { email: "x@example.com" }, "email_unverified"],
    ["verified in words only", { email: "x@example.com", email_verified: "true" }, "email_unverified"],
    ["missing", { email_verified: true }, "email_unverified"],
    ["no text", { email: 7, email_verified: true }, "email_unverified"],
    ["unusable", { email: "x y@example.com", email_verified: true }, "email_unsupported"],
  ])("an address that is %s", async (what, claims, code) => {
    const browser = browserOf(issuer, { sub: `address ${what}`, ...claims });
    expect(await visit(browser, `${start}?intent=signup`)).toBe(code);
  });

  test.each([
    [{ name: 7, preferred_username: "grace" }, "grace"],
    [{ name: "  ", preferred_username: null }, "grace.h"],
  ])("called %p", async (claims, name) => {
    const person = { sub: crypto.randomUUID(), email_verified: true, ...claims };
    const email = `grace.h@${person.sub}.example.com`;
    const browser = browserOf(issuer, { ...person, email });
    expect(await visit(browser, `${start}?intent=signup`)).toBe("in");
    expect((await whoIsIn(browser, server.url))?.name).toBe(name);
  });

  test("what a login page may offer is told", async () => {
    const { body } = await call(server.url, "/v1/auth/options");
    expect(body).toEqual({
      signup: "open",
      setup_code_required: false,
      error_words: null,
      providers: [
        { id: "github", name: "GitHub" },
        { id: "oidc", name: "Example ID" },
      ],
    });
  });
});

test("an issuer that puts claims into the ID token, and takes the secret in the body", async () => {
  const { issuer, server } = await startBoth({ authMethod: "client_secret_post", claimsInToken: true });
  try {
    const browser = browserOf(issuer, ada);
    expect(await visit(browser, `${server.url}/auth/oauth/oidc?intent=signup`)).toBe("in");
    expect((await whoIsIn(browser, server.url))?.name).toBe("Ada Lovelace");
  } finally {
    await server.stop();
    await issuer.stop();
  }
}, 30_000);

describe("a forged ID token", () => {
  let issuer: ForgedIssuer;
  let server: TestServer;
  beforeAll(async () => {
    issuer = await startForgedIssuer(OIDC_CLIENT.id);
    server = await startReachableServer(clientEnvironment(issuer.url));
  }, 30_000);
  afterAll(async () => {
    await server.stop();
    await issuer.stop();
  });
  afterEach(() => (issuer.forgery = {}));

  const signUpThere = async (browser: BrowserJar): Promise<string> =>
    visit(browser, `${server.url}/auth/oauth/oidc?intent=signup`);

  const swapPayload = (token: string): string => {
    const [header, payload = "", signature] = token.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: "root" })).toString("base64url");
    return [header, changed, signature].join(".");
  };

  const unsigned = (token: string): string => {
    const header = Buffer.from('{"alg":"none"}').toString("base64url");
    return `${header}.${token.split(".")[1]}.`;
  };

  test.each<[string, Forgery, string]>([
    ["another nonce", { claims: (honest) => ({ ...honest, nonce: "x".repeat(43) }) }, "nonce"],
    ["no nonce", { claims: ({ nonce: _nonce, ...honest }) => honest }, "nonce"],
    ["another issuer", { claims: (honest) => ({ ...honest, iss: "https://id.example.com" }) }, "issuer"],
    ["another audience", { claims: (honest) => ({ ...honest, aud: "someone-else" }) }, "audience"],
    [
      "a second audience",
      { claims: (honest) => ({ ...honest, aud: [OIDC_CLIENT.id, "other"] }) },
      "audiences",
    ],
    ["its time over", { claims: (honest) => ({ ...honest, exp: 1_700_000_000 }) }, "expiration"],
    ["no subject", { claims: ({ sub: _sub, ...honest }) => honest }, "subject"],
    ["a line break in the subject", { claims: (honest) => ({ ...honest, sub: "ada\nroot" }) }, "`sub`"],
    ["a subject without end", { claims: (honest) => ({ ...honest, sub: "x".repeat(256) }) }, "`sub`"],
    ["a key nobody published", { withOtherKey: true }, "signature verification failed"],
    ["claims changed after signing", { token: swapPayload }, "signature verification failed"],
    ["no signature", { token: unsigned }, "alg"],
    ["no form", { token: () => "not-a-token" }, "Invalid JWT"],
  ])("with %s opens nothing", async (_what, forgery, logged) => {
    issuer.forgery = forgery;
    const browser = new BrowserJar();
    expect(await signUpThere(browser)).toBe("provider_error");
    expect(await whoIsIn(browser, server.url)).toBeNull();
    expect(await server.database.sql`select from users`).toHaveLength(0);
    const failure = server.logs.findLast(({ message }) => message === "a sign-in provider failed");
    expect(JSON.stringify(failure)).toContain(logged);
  });

  test("an honest one does", async () => {
    expect(await signUpThere(new BrowserJar())).toBe("in");
  });
});
