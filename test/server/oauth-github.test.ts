/** Signing in through GitHub: there and back, the rules about accounts, and everyone at once. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";

import { BrowserJar } from "../support/browser-jar.ts";
import { githubEnvironment, githubPerson, startGithub } from "../support/github.ts";
import type { GithubPerson, TestGithub } from "../support/github.ts";
import {
  beginLink,
  endOf,
  goToCallback,
  startReachableServer,
  visit,
  whoIsIn,
} from "../support/provider-sign-in.ts";
import { call, signUp } from "../support/server.ts";
import type { TestPerson, TestServer } from "../support/server.ts";

let github: TestGithub;
let server: TestServer;
let url: string;
beforeAll(async () => {
  github = startGithub();
  server = await startReachableServer(githubEnvironment(github));
  ({ url } = server);
  // The platform's administrator; whoever follows is an ordinary person.
  await signUp(url, "Root");
});
afterAll(async () => {
  await server.stop();
  await github.stop();
});

let lastId = 1000;

/** Someone new at GitHub. */
const newPerson = (rest: Partial<GithubPerson> = {}): GithubPerson => {
  lastId += 1;
  const person = githubPerson(lastId, `person-${lastId}`, rest);
  github.people.set(person.login, person);
  return person;
};

const browserOf = ({ login }: GithubPerson): BrowserJar => {
  const browser = new BrowserJar();
  browser.setCookie("github_user", login);
  return browser;
};

const start = (intent: "login" | "signup", base = url): string =>
  `${base}/auth/oauth/github?intent=${intent}`;

const signUpThere = async (person: GithubPerson): Promise<BrowserJar> => {
  const browser = browserOf(person);
  expect(await visit(browser, start("signup"))).toBe("in");
  return browser;
};

const link = async (account: TestPerson, person: GithubPerson): Promise<string> => {
  const browser = browserOf(person);
  return visit(browser, await beginLink(browser, { base: url, token: account.token, provider: "github" }));
};

const identitiesOf = async ({ token }: Pick<TestPerson, "token">) =>
  (await call(url, "/v1/me/identities", { token })).body["items"];

const emailOf = (person: GithubPerson): string => `${person.login}@example.com`;

const countUsers = async (email: string): Promise<number> => {
  const rows = await server.database.sql`select from users where email = ${email}`;
  return rows.length;
};

const auditOf = async (userId: string) => {
  await server.server.services.auditSideChannel.drain();
  const rows = await server.database.sql`
    select action, metadata from audit_logs where resource_id = ${userId} order by seq`;
  return [...rows];
};

describe("sign-up and sign-in", () => {
  test("sign-up makes an account without a password, its team and the identity; then login signs in", async () => {
    const person = newPerson({ name: "Grace Hopper" });
    const browser = await signUpThere(person);
    const signedIn = await whoIsIn(browser, url);
    expect(signedIn).toMatchObject({
      email: emailOf(person),
      name: "Grace Hopper",
      role: "owner",
      is_admin: false,
    });
    const [row] = await server.database.sql`
      select u.password_hash, t.name as team, i.provider, i.provider_user_id, i.email
      from users u join memberships m on m.user_id = u.id join teams t on t.id = m.team_id
      join oauth_identities i on i.user_id = u.id where u.email = ${emailOf(person)}`;
    expect(row).toEqual({
      password_hash: null,
      team: "Grace Hopper's Team",
      provider: "github",
      provider_user_id: `${github.url}#${person.id}`,
      email: emailOf(person),
    });

    const other = browserOf(person);
    expect(await visit(other, `${url}/auth/oauth/github`)).toBe("in");
    expect((await whoIsIn(other, url))?.user_id).toBe(signedIn?.user_id);
    expect(await auditOf(signedIn?.user_id ?? "")).toEqual([
      { action: "signup", metadata: { email: emailOf(person), provider: "github" } },
      { action: "login", metadata: { provider: "github" } },
    ]);
  });

  test("sign-up with a known identity signs in, whatever has become of the address", async () => {
    const person = newPerson();
    await signUpThere(person);
    person.emails = [{ email: "else@example.com", primary: true, verified: false }];
    const browser = browserOf(person);
    expect(await visit(browser, start("signup"))).toBe("in");
    expect((await whoIsIn(browser, url))?.email).toBe(emailOf(person));
  });

  test("the session's cookie and the way's own are for their paths only, and scripts cannot read them", async () => {
    const browser = browserOf(newPerson());
    const out = await browser.request(start("signup"));
    expect(out.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^wrenn_oauth_[0-9a-f]{8}=[0-9a-f]{64}; Path=\/auth\/oauth; Max-Age=600; HttpOnly; SameSite=Lax$/,
      ),
    ]);
    const callback = await goToCallback(browser, out.headers.get("location") ?? "");
    const back = await browser.request(callback);
    expect([back.status, back.headers.get("location")]).toEqual([303, `${url}/`]);
    expect(back.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^wrenn_oauth_[0-9a-f]{8}=; Path=\/auth\/oauth; Max-Age=0;/),
      expect.stringMatching(/^wrenn_refresh_.*; Path=\/v1\/auth; .*HttpOnly; SameSite=Strict$/),
    ]);
  });

  test("behind https the cookie is Secure, and the way back is the public address", async () => {
    const env = { ...githubEnvironment(github), WRENN_PUBLIC_URL: "https://wrenn.example.com" };
    const behind = await startReachableServer(env);
    try {
      const out = await new BrowserJar().request(start("login", behind.url));
      expect(out.headers.get("set-cookie")).toContain("; Secure");
      const { searchParams } = new URL(out.headers.get("location") ?? "");
      expect(searchParams.get("redirect_uri")).toBe("https://wrenn.example.com/auth/oauth/github/callback");
      expect(searchParams.get("code_challenge_method")).toBe("S256");
    } finally {
      await behind.stop();
    }
  });

  test.each([
    ["Robert'); DROP TABLE users;--", "Robert'); DROP TABLE users;--", "Robert' DROP TABLE users--'s Team"],
    ["<script>alert(1)</script>", "<script>alert(1)</script>", "scriptalert1script's Team"],
    ["  zero\u0000byte\n ", "zero byte", "zero byte's Team"],
    ["😀".repeat(120), "😀".repeat(100), "My Team"],
    ["\u0007", null, null],
    ["", null, null],
    [null, null, null],
  ])("the name %p fits", async (given, name, team) => {
    const person = newPerson({ name: given });
    const signedIn = await whoIsIn(await signUpThere(person), url);
    expect(signedIn?.name).toBe(name ?? person.login);
    const [row] = await server.database.sql`
      select t.name from teams t join memberships m on m.team_id = t.id join users u on u.id = m.user_id
      where u.email = ${emailOf(person)}`;
    expect(row?.["name"]).toBe(team ?? `${person.login}'s Team`);
  });
});

describe("refusals", () => {
  test("no account, and none is made by login", async () => {
    const person = newPerson();
    expect(await visit(browserOf(person), start("login"))).toBe("no_account");
    expect(await countUsers(emailOf(person))).toBe(0);
  });

  test("an account with the same address is not entered, and the attempt is on record", async () => {
    const account = await signUp(url);
    const emails = [{ email: account.email.toUpperCase(), primary: true, verified: true }];
    const person = newPerson({ emails });
    const browser = browserOf(person);
    expect(await visit(browser, start("login"))).toBe("account_exists");
    expect(await visit(browser, start("signup"))).toBe("email_taken");
    expect(await whoIsIn(browser, url)).toBeNull();
    expect(await identitiesOf(account)).toEqual([]);
    expect((await auditOf(account.userId)).slice(1)).toEqual([
      { action: "login_failed", metadata: { email: account.email, reason: "account_exists" } },
    ]);
  });

  test.each([
    [[{ email: "a@example.com", primary: true, verified: false }], "email_unverified"],
    [[{ email: "b@example.com", primary: false, verified: true }], "email_unverified"],
    [[], "email_unverified"],
    [[{ email: "zoë@example.com", primary: true, verified: true }], "email_unsupported"],
  ])("addresses %p: %s", async (emails, code) => {
    const browser = browserOf(newPerson({ emails }));
    expect(await visit(browser, start("signup"))).toBe(code);
    expect(await visit(browser, start("login"))).toBe(code);
  });

  test("a disabled account stays closed", async () => {
    const person = newPerson();
    const signedIn = await whoIsIn(await signUpThere(person), url);
    await server.database.sql`update users set disabled_at = now() where email = ${emailOf(person)}`;
    const browser = browserOf(person);
    expect(await visit(browser, start("login"))).toBe("account_disabled");
    expect(await visit(browser, start("signup"))).toBe("account_disabled");
    expect(await whoIsIn(browser, url)).toBeNull();
    expect((await auditOf(signedIn?.user_id ?? "")).at(-1)).toEqual({
      action: "login_failed",
      metadata: { email: emailOf(person), reason: "account_disabled" },
    });
  });

  test("cancelled at GitHub", async () => {
    expect(await visit(new BrowserJar(), start("login"))).toBe("access_denied");
  });

  test.each(["/auth/oauth/oidc", "/auth/oauth/gitlab/callback", "/auth/oauth/__proto__"])(
    "%s is not set up",
    async (path) => expect(await visit(new BrowserJar(), `${url}${path}`)).toBe("unknown_provider"),
  );

  const withServer = async (env: Record<string, string>, work: (other: TestServer) => Promise<void>) => {
    const other = await startReachableServer({ ...githubEnvironment(github), ...env });
    try {
      await work(other);
    } finally {
      await other.stop();
    }
  };

  test("the sign-up policy counts; who has an account signs in all the same", () =>
    withServer({ WRENN_SIGNUP: "closed" }, async (closed) => {
      const first = newPerson();
      expect(await visit(browserOf(first), start("signup", closed.url))).toBe("in");
      expect(await visit(browserOf(newPerson()), start("signup", closed.url))).toBe("signup_closed");
      expect(await visit(browserOf(first), start("signup", closed.url))).toBe("in");
    }));

  test("domains", () =>
    withServer({ WRENN_SIGNUP: "domains:example.org" }, async (domains) => {
      await signUp(domains.url);
      expect(await visit(browserOf(newPerson()), start("signup", domains.url))).toBe("signup_domain");
      const emails = [{ email: "ada@EXAMPLE.org", primary: true, verified: true }];
      expect(await visit(browserOf(newPerson({ emails })), start("signup", domains.url))).toBe("in");
    }));

  test("the first account of a reachable server needs the set-up code", () =>
    withServer({ WRENN_LISTEN: "0.0.0.0:0" }, async (reachable) => {
      const port = new URL(reachable.url).port;
      const callback = await goToCallback(
        browserOf(newPerson()),
        start("signup", `http://127.0.0.1:${port}`),
      );
      expect(callback.origin).not.toBe(reachable.url);
    }));
});

describe("the way back", () => {
  test("another browser's answer counts for nothing, without and with a way of its own", async () => {
    const attacker = browserOf(newPerson());
    const callback = await goToCallback(attacker, start("signup"));
    const victim = browserOf(newPerson());
    expect(await visit(victim, callback.href)).toBe("flow_expired");
    await goToCallback(victim, start("signup"));
    expect(await visit(victim, callback.href)).toBe("state_mismatch");
    expect(await whoIsIn(victim, url)).toBeNull();
    // Neither used it up for whom it belongs to.
    expect(await visit(attacker, callback.href)).toBe("in");
  });

  test("a mixed-up tab does not end the sign-in of the other", async () => {
    const browser = browserOf(newPerson());
    const first = await goToCallback(browser, start("signup"));
    const second = await goToCallback(browser, start("signup"));
    expect(await visit(browser, first.href)).toBe("state_mismatch");
    expect(await visit(browser, second.href)).toBe("in");
  });

  test.each([
    ["another state", (address: URL) => address.searchParams.set("state", "x".repeat(43))],
    ["no state", (address: URL) => address.searchParams.delete("state")],
  ])("%s", async (_what, change) => {
    const browser = browserOf(newPerson());
    const callback = await goToCallback(browser, start("signup"));
    change(callback);
    expect(await visit(browser, callback.href)).toBe("state_mismatch");
    expect(await whoIsIn(browser, url)).toBeNull();
  });

  test("someone else's code in one's own way back is refused by PKCE", async () => {
    const stolen = await goToCallback(browserOf(newPerson()), start("signup"));
    const thief = browserOf(newPerson());
    const callback = await goToCallback(thief, start("signup"));
    callback.searchParams.set("code", stolen.searchParams.get("code") ?? "");
    expect(await visit(thief, callback.href)).toBe("provider_error");
  });

  test("it counts once, also for a browser that kept its cookie", async () => {
    const browser = browserOf(newPerson());
    const callback = await goToCallback(browser, start("signup"));
    const cookie = browser.cookieFor(callback);
    expect(await visit(browser, callback.href)).toBe("in");
    const again = await fetch(callback, { redirect: "manual", headers: { cookie } });
    expect(endOf(new URL(again.headers.get("location") ?? ""))).toBe("flow_used");
  });

  test("it counts for ten minutes", async () => {
    const browser = browserOf(newPerson());
    const callback = await goToCallback(browser, start("signup"));
    const [row] = await server.database.sql`
      update oauth_flows set expires_at = now() - interval '1 second'
      where created_at = (select max(created_at) from oauth_flows)
      returning extract(epoch from expires_at - created_at)::int as unused`;
    expect(row).toBeDefined();
    expect(await visit(browser, callback.href)).toBe("flow_expired");
  });

  test("what is kept of it does not open it", async () => {
    const callback = await goToCallback(browserOf(newPerson()), start("login"));
    const state = callback.searchParams.get("state") ?? "";
    const rows = await server.database.sql`select oauth_flows::text as row, state_hash from oauth_flows`;
    expect(rows.length).toBeGreaterThan(0);
    for (const { row } of rows) expect(String(row)).not.toContain(state);
    const digest = new Bun.CryptoHasher("sha256").update(state).digest("hex");
    expect(rows.map(({ state_hash }) => state_hash.toString("hex"))).toContain(digest);
  });
});

describe("everyone at once", () => {
  test("fifty uses of one way back: one gets in", async () => {
    const person = newPerson();
    const browser = browserOf(person);
    const callback = await goToCallback(browser, start("signup"));
    const cookie = browser.cookieFor(callback);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => fetch(callback, { redirect: "manual", headers: { cookie } })),
    );
    const ends = answers.map(({ headers }) => endOf(new URL(headers.get("location") ?? "")));
    expect(ends.filter((end) => end === "in")).toHaveLength(1);
    expect(ends.filter((end) => end === "flow_used")).toHaveLength(49);
    const sessions = await server.database.sql`
      select from sessions s join users u on u.id = s.user_id where u.email = ${emailOf(person)}`;
    expect(sessions).toHaveLength(1);
  });

  test("twenty sign-ups of one identity make one account, and all get in", async () => {
    const person = newPerson();
    const ways = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const browser = browserOf(person);
        return { browser, callback: await goToCallback(browser, start("signup")) };
      }),
    );
    const ends = await Promise.all(ways.map(({ browser, callback }) => visit(browser, callback.href)));
    expect(ends).toEqual(ends.map(() => "in"));
    expect(await countUsers(emailOf(person))).toBe(1);
    const people = await Promise.all(ways.map(({ browser }) => whoIsIn(browser, url)));
    expect(new Set(people.map((one) => one?.user_id)).size).toBe(1);
  }, 30_000);

  test("twenty identities with one address: one account, the others are told", async () => {
    const emails = [{ email: "shared@example.com", primary: true, verified: true }];
    const ways = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const browser = browserOf(newPerson({ emails }));
        return { browser, callback: await goToCallback(browser, start("signup")) };
      }),
    );
    const ends = await Promise.all(ways.map(({ browser, callback }) => visit(browser, callback.href)));
    expect(ends.filter((end) => end === "in")).toHaveLength(1);
    expect(ends.filter((end) => end === "email_taken")).toHaveLength(19);
    expect(await countUsers("shared@example.com")).toBe(1);
  }, 30_000);

  test("one identity linked to ten accounts at once belongs to one", async () => {
    const person = newPerson();
    const accounts = await Promise.all(Array.from({ length: 10 }, () => signUp(url)));
    const ends = await Promise.all(accounts.map((account) => link(account, person)));
    expect(ends.filter((end) => end === "in")).toHaveLength(1);
    expect(ends.filter((end) => end === "identity_taken")).toHaveLength(9);
  }, 30_000);

  test("ten identities linked to one account at once: one stays", async () => {
    const account = await signUp(url);
    const ends = await Promise.all(Array.from({ length: 10 }, () => link(account, newPerson())));
    expect(ends.filter((end) => end === "in")).toHaveLength(1);
    expect(ends.filter((end) => end === "already_linked")).toHaveLength(9);
    expect(await identitiesOf(account)).toHaveLength(1);
  }, 30_000);
});

describe("connecting a provider with an account", () => {
  test("the person then signs in through it, and may take it back", async () => {
    const account = await signUp(url);
    const person = newPerson();
    expect(await identitiesOf(account)).toEqual([]);
    expect(await link(account, person)).toBe("in");
    expect(await identitiesOf(account)).toEqual([
      { provider: "github", email: emailOf(person), created_at: expect.any(String) },
    ]);
    const browser = browserOf(person);
    expect(await visit(browser, start("login"))).toBe("in");
    expect((await whoIsIn(browser, url))?.user_id).toBe(account.userId);

    const path = "/v1/me/identities/github";
    expect((await call(url, path, { method: "DELETE", token: account.token })).status).toBe(204);
    expect(await identitiesOf(account)).toEqual([]);
    expect(await visit(browserOf(person), start("login"))).toBe("no_account");
    const again = await call(url, path, { method: "DELETE", token: account.token });
    expect([again.status, again.body.error?.code]).toEqual([404, "identity_not_found"]);
    expect((await auditOf(account.userId)).slice(1)).toEqual([
      { action: "identity_link", metadata: { provider: "github" } },
      { action: "login", metadata: { provider: "github" } },
      { action: "identity_unlink", metadata: { provider: "github" } },
    ]);
  });

  test("a link makes no session and needs the browser it was begun in", async () => {
    const account = await signUp(url);
    const person = newPerson();
    const browser = browserOf(person);
    const address = await beginLink(browser, { base: url, token: account.token, provider: "github" });
    expect(await visit(browserOf(person), address)).toBe("flow_expired");
    expect(await visit(browser, address)).toBe("in");
    expect(await whoIsIn(browser, url)).toBeNull();
  });

  test("what belongs to someone, or is there already, is refused", async () => {
    const person = newPerson();
    await signUpThere(person);
    const account = await signUp(url);
    expect(await link(account, person)).toBe("identity_taken");
    const own = newPerson();
    expect(await link(account, own)).toBe("in");
    expect(await link(account, own)).toBe("already_linked");
    expect(await link(account, newPerson())).toBe("already_linked");
  });

  test("an account that is disabled meanwhile gets nothing", async () => {
    const account = await signUp(url);
    const browser = browserOf(newPerson());
    const address = await beginLink(browser, { base: url, token: account.token, provider: "github" });
    await server.database.sql`update users set disabled_at = now() where email = ${account.email}`;
    expect(await visit(browser, address)).toBe("account_disabled");
  });

  test("the last way in stays; with a password it may go", async () => {
    const person = newPerson();
    const signedIn = await whoIsIn(await signUpThere(person), url);
    const token = signedIn?.token ?? "";
    const remove = () => call(url, "/v1/me/identities/github", { method: "DELETE", token });
    const refused = await remove();
    expect([refused.status, refused.body.error?.code]).toEqual([409, "last_login_method"]);
    await server.database.sql`
      update users set password_hash = (select password_hash from users where password_hash is not null limit 1)
      where email = ${emailOf(person)}`;
    expect((await remove()).status).toBe(204);
  });

  test.each([
    ["GET", "/v1/me/identities", 401],
    ["POST", "/v1/me/identities/github", 401],
    ["DELETE", "/v1/me/identities/github", 401],
  ])("%s %s needs a person", async (method, path, status) => {
    expect((await call(url, path, { method })).status).toBe(status);
  });

  test("a provider that is not set up is 404", async () => {
    const { token } = await signUp(url);
    const answer = await call(url, "/v1/me/identities/oidc", { method: "POST", token });
    expect([answer.status, answer.body.error?.code]).toEqual([404, "unknown_provider"]);
  });
});
