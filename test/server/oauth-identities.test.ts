/** A person's identities at providers: connected, listed, given up. */
import { afterAll, beforeAll, expect, test } from "bun:test";

import { browserOf, emailOf, GithubScene, startAt } from "../support/github-scene.ts";
import type { GithubPerson } from "../support/github.ts";
import { beginLink, visit, whoIsIn } from "../support/provider-sign-in.ts";
import { call, signUp } from "../support/server.ts";
import type { TestPerson } from "../support/server.ts";

let scene: GithubScene;
beforeAll(async () => {
  scene = await GithubScene.start();
}, 30_000);
afterAll(() => scene.stop());

const link = async (account: TestPerson, person: GithubPerson): Promise<string> => {
  const browser = browserOf(person);
  const address = await beginLink(browser, { base: scene.url, token: account.token, provider: "github" });
  return visit(browser, address);
};

const identitiesOf = async ({ token }: Pick<TestPerson, "token">) =>
  (await call(scene.url, "/v1/me/identities", { token })).body["items"];

test("the person then signs in through it, and may take it back", async () => {
  const account = await signUp(scene.url);
  const person = scene.newPerson();
  expect(await identitiesOf(account)).toEqual([]);
  expect(await link(account, person)).toBe("in");
  expect(await identitiesOf(account)).toEqual([
    { provider: "github", email: emailOf(person), created_at: expect.any(String) },
  ]);
  const browser = browserOf(person);
  expect(await visit(browser, startAt(scene.url))).toBe("in");
  expect((await whoIsIn(browser, scene.url))?.user_id).toBe(account.userId);

  const path = "/v1/me/identities/github";
  expect((await call(scene.url, path, { method: "DELETE", token: account.token })).status).toBe(204);
  expect(await identitiesOf(account)).toEqual([]);
  expect(await visit(browserOf(person), startAt(scene.url))).toBe("no_account");
  const again = await call(scene.url, path, { method: "DELETE", token: account.token });
  expect([again.status, again.body.error?.code]).toEqual([404, "identity_not_found"]);
  expect((await scene.auditOf(account.userId)).slice(1)).toEqual([
    { action: "identity_link", metadata: { provider: "github" } },
    { action: "login", metadata: { provider: "github" } },
    { action: "identity_unlink", metadata: { provider: "github" } },
  ]);
});

test("a link makes no session and needs the browser it was begun in", async () => {
  const account = await signUp(scene.url);
  const person = scene.newPerson();
  const browser = browserOf(person);
  const address = await beginLink(browser, { base: scene.url, token: account.token, provider: "github" });
  expect(await visit(browserOf(person), address)).toBe("flow_expired");
  expect(await visit(browser, address)).toBe("in");
  expect(await whoIsIn(browser, scene.url)).toBeNull();
});

test("what belongs to someone, or is there already, is refused", async () => {
  const person = scene.newPerson();
  await scene.signUpThere(person);
  const account = await signUp(scene.url);
  expect(await link(account, person)).toBe("identity_taken");
  const own = scene.newPerson();
  expect(await link(account, own)).toBe("in");
  expect(await link(account, own)).toBe("already_linked");
  expect(await link(account, scene.newPerson())).toBe("already_linked");
});

test("an account that is disabled meanwhile gets nothing", async () => {
  const account = await signUp(scene.url);
  const browser = browserOf(scene.newPerson());
  const address = await beginLink(browser, { base: scene.url, token: account.token, provider: "github" });
  await scene.server.database.sql`update users set disabled_at = now() where email = ${account.email}`;
  expect(await visit(browser, address)).toBe("account_disabled");
});

test("the last way in stays; with a password it may go", async () => {
  const person = scene.newPerson();
  const signedIn = await whoIsIn(await scene.signUpThere(person), scene.url);
  const token = signedIn?.token ?? "";
  const remove = () => call(scene.url, "/v1/me/identities/github", { method: "DELETE", token });
  const refused = await remove();
  expect([refused.status, refused.body.error?.code]).toEqual([409, "last_login_method"]);
  await scene.server.database.sql`
      update users set password_hash = (select password_hash from users where password_hash is not null limit 1)
      where email = ${emailOf(person)}`;
  expect((await remove()).status).toBe(204);
});

test.each([
  ["GET", "/v1/me/identities", 401],
  ["POST", "/v1/me/identities/github", 401],
  ["DELETE", "/v1/me/identities/github", 401],
])("%s %s needs a person", async (method, path, status) => {
  expect((await call(scene.url, path, { method })).status).toBe(status);
});

test("a provider that is not set up is 404", async () => {
  const { token } = await signUp(scene.url);
  const answer = await call(scene.url, "/v1/me/identities/oidc", { method: "POST", token });
  expect([answer.status, answer.body.error?.code]).toEqual([404, "unknown_provider"]);
});

test("one identity linked to ten accounts at once belongs to one", async () => {
  const person = scene.newPerson();
  const accounts = await Promise.all(Array.from({ length: 10 }, () => signUp(scene.url)));
  const ends = await Promise.all(accounts.map((account) => link(account, person)));
  expect(ends.filter((end) => end === "in")).toHaveLength(1);
  expect(ends.filter((end) => end === "identity_taken")).toHaveLength(9);
}, 30_000);

test("ten identities linked to one account at once: one stays", async () => {
  const account = await signUp(scene.url);
  const ends = await Promise.all(Array.from({ length: 10 }, () => link(account, scene.newPerson())));
  expect(ends.filter((end) => end === "in")).toHaveLength(1);
  expect(ends.filter((end) => end === "already_linked")).toHaveLength(9);
  expect(await identitiesOf(account)).toHaveLength(1);
}, 30_000);
