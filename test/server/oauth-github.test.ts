/** Signing in through GitHub: accounts made and found, and every rule about them. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { BrowserJar } from "../support/browser-jar.ts";
import { browserOf, emailOf, GithubScene, startAt } from "../support/github-scene.ts";
import { githubEnvironment } from "../support/github.ts";
import { goToCallback, startReachableServer, visit, whoIsIn } from "../support/provider-sign-in.ts";
import { call, signUp } from "../support/server.ts";
import type { TestServer } from "../support/server.ts";

let scene: GithubScene;
beforeAll(async () => {
  scene = await GithubScene.start();
}, 30_000);
afterAll(() => scene.stop());

const withServer = async (
  env: Record<string, string>,
  hostname: string,
  work: (other: TestServer) => Promise<void>,
): Promise<void> => {
  const other = await startReachableServer({ ...githubEnvironment(scene.github), ...env }, hostname);
  try {
    await work(other);
  } finally {
    await other.stop();
  }
};

describe("sign-up and sign-in", () => {
  test("sign-up makes an account without a password, its team and the identity; then login signs in", async () => {
    const person = scene.newPerson({ name: "Grace Hopper" });
    const browser = await scene.signUpThere(person);
    const signedIn = await whoIsIn(browser, scene.url);
    expect(signedIn).toMatchObject({
      email: emailOf(person),
      name: "Grace Hopper",
      role: "owner",
      is_admin: false,
    });
    const [row] = await scene.server.database.sql`
      select u.password_hash, t.name as team, i.provider, i.provider_user_id, i.email
      from users u join memberships m on m.user_id = u.id join teams t on t.id = m.team_id
      join oauth_identities i on i.user_id = u.id where u.email = ${emailOf(person)}`;
    expect(row).toEqual({
      password_hash: null,
      team: "Grace Hopper's Team",
      provider: "github",
      provider_user_id: `${scene.github.url}#${person.id}`,
      email: emailOf(person),
    });

    const other = browserOf(person);
    expect(await visit(other, `${scene.url}/auth/oauth/github`)).toBe("in");
    expect((await whoIsIn(other, scene.url))?.user_id).toBe(signedIn?.user_id);
    expect(await scene.auditOf(signedIn?.user_id ?? "")).toEqual([
      { action: "signup", metadata: { email: emailOf(person), provider: "github" } },
      { action: "login", metadata: { provider: "github" } },
    ]);
  });

  test("sign-up with a known identity signs in, whatever has become of the address", async () => {
    const person = scene.newPerson();
    await scene.signUpThere(person);
    person.emails = [{ email: "else@example.com", primary: true, verified: false }];
    const browser = browserOf(person);
    expect(await visit(browser, startAt(scene.url, "signup"))).toBe("in");
    expect((await whoIsIn(browser, scene.url))?.email).toBe(emailOf(person));
  });

  test("the session's cookie and the way's own are for their paths only, and scripts cannot read them", async () => {
    const browser = browserOf(scene.newPerson());
    const out = await browser.request(startAt(scene.url, "signup"));
    expect(out.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^wrenn_oauth_[0-9a-f]{8}=[0-9a-f]{64}; Path=\/auth\/oauth; Max-Age=600; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    const callback = await goToCallback(browser, out.headers.get("location") ?? "");
    const back = await browser.request(callback);
    expect([back.status, back.headers.get("location")]).toEqual([303, `${scene.url}/`]);
    expect(back.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^wrenn_oauth_[0-9a-f]{8}=; Path=\/auth\/oauth; Max-Age=0;/),
      expect.stringMatching(/^wrenn_refresh_.*; Path=\/v1\/auth; .*HttpOnly; SameSite=Strict$/),
    ]);
  });

  test("behind https the cookie is Secure, and the way back is the public address", () =>
    withServer({ WRENN_PUBLIC_URL: "https://wrenn.example.com" }, "127.0.0.1", async (behind) => {
      const out = await new BrowserJar().request(startAt(behind.url));
      expect(out.headers.get("set-cookie")).toContain("; Secure");
      const { searchParams } = new URL(out.headers.get("location") ?? "");
      expect(searchParams.get("redirect_uri")).toBe("https://wrenn.example.com/auth/oauth/github/callback");
      expect(searchParams.get("code_challenge_method")).toBe("S256");
    }));

  test.each([
    ["Robert'); DROP TABLE users;--", "Robert'); DROP TABLE users;--", "Robert' DROP TABLE users--'s Team"],
    ["<script>alert(1)</script>", "<script>alert(1)</script>", "scriptalert1script's Team"],
    ["  zero\u0000byte\n ", "zero byte", "zero byte's Team"],
    ["😀".repeat(120), "😀".repeat(100), "My Team"],
    ["\u0007", null, null],
    ["", null, null],
    [null, null, null],
  ])("the name %p fits", async (given, name, team) => {
    const person = scene.newPerson({ name: given });
    const signedIn = await whoIsIn(await scene.signUpThere(person), scene.url);
    expect(signedIn?.name).toBe(name ?? person.login);
    const [row] = await scene.server.database.sql`
      select t.name from teams t join memberships m on m.team_id = t.id join users u on u.id = m.user_id
      where u.email = ${emailOf(person)}`;
    expect(row?.["name"]).toBe(team ?? `${person.login}'s Team`);
  });
});

describe("refusals", () => {
  test("no account, and none is made by login", async () => {
    const person = scene.newPerson();
    expect(await visit(browserOf(person), startAt(scene.url))).toBe("no_account");
    expect(await scene.countUsers(emailOf(person))).toBe(0);
  });

  test("an account with the same address is not entered, and the attempt is on record", async () => {
    const account = await signUp(scene.url);
    const emails = [{ email: account.email.toUpperCase(), primary: true, verified: true }];
    const person = scene.newPerson({ emails });
    const browser = browserOf(person);
    expect(await visit(browser, startAt(scene.url))).toBe("account_exists");
    expect(await visit(browser, startAt(scene.url, "signup"))).toBe("email_taken");
    expect(await whoIsIn(browser, scene.url)).toBeNull();
    const { body } = await call(scene.url, "/v1/me/identities", { token: account.token });
    expect(body["items"]).toEqual([]);
    expect((await scene.auditOf(account.userId)).slice(1)).toEqual([
      { action: "login_failed", metadata: { email: account.email, reason: "account_exists" } },
    ]);
  });

  test.each([
    [[{ email: "a@example.com", primary: true, verified: false }], "email_unverified"],
    [[{ email: "b@example.com", primary: false, verified: true }], "email_unverified"],
    [[], "email_unverified"],
    [[{ email: "zoë@example.com", primary: true, verified: true }], "email_unsupported"],
  ])("addresses %p: %s", async (emails, code) => {
    const browser = browserOf(scene.newPerson({ emails }));
    expect(await visit(browser, startAt(scene.url, "signup"))).toBe(code);
    expect(await visit(browser, startAt(scene.url))).toBe(code);
  });

  test("a disabled account stays closed", async () => {
    const person = scene.newPerson();
    const signedIn = await whoIsIn(await scene.signUpThere(person), scene.url);
    await scene.server.database.sql`update users set disabled_at = now() where email = ${emailOf(person)}`;
    const browser = browserOf(person);
    expect(await visit(browser, startAt(scene.url))).toBe("account_disabled");
    expect(await visit(browser, startAt(scene.url, "signup"))).toBe("account_disabled");
    expect(await whoIsIn(browser, scene.url)).toBeNull();
    const failed = {
      action: "login_failed",
      metadata: { email: emailOf(person), reason: "account_disabled" },
    };
    expect((await scene.auditOf(signedIn?.user_id ?? "")).slice(1)).toEqual([failed, failed]);
  });

  test("cancelled at GitHub", async () => {
    expect(await visit(new BrowserJar(), startAt(scene.url))).toBe("access_denied");
  });

  test.each(["/auth/oauth/oidc", "/auth/oauth/gitlab/callback", "/auth/oauth/__proto__"])(
    "%s is not set up",
    async (path) => expect(await visit(new BrowserJar(), `${scene.url}${path}`)).toBe("unknown_provider"),
  );

  test("the sign-up policy counts; who has an account signs in all the same", () =>
    withServer({ WRENN_SIGNUP: "closed" }, "127.0.0.1", async (closed) => {
      const first = scene.newPerson();
      expect(await visit(browserOf(first), startAt(closed.url, "signup"))).toBe("in");
      expect(await visit(browserOf(scene.newPerson()), startAt(closed.url, "signup"))).toBe("signup_closed");
      expect(await visit(browserOf(first), startAt(closed.url, "signup"))).toBe("in");
    }));

  test("domains", () =>
    withServer({ WRENN_SIGNUP: "domains:example.org" }, "127.0.0.1", async (domains) => {
      await signUp(domains.url);
      expect(await visit(browserOf(scene.newPerson()), startAt(domains.url, "signup"))).toBe("signup_domain");
      const emails = [{ email: "ada@EXAMPLE.org", primary: true, verified: true }];
      expect(await visit(browserOf(scene.newPerson({ emails })), startAt(domains.url, "signup"))).toBe("in");
    }));

  test("the first account of a reachable server needs the set-up code, which only a password sign-up can give", () =>
    withServer({}, "0.0.0.0", async (reachable) => {
      const publicUrl = reachable.url.replace("0.0.0.0", "127.0.0.1");
      const browser = browserOf(scene.newPerson());
      expect(await visit(browser, startAt(publicUrl, "signup"))).toBe("setup_code_required");
    }));
});
