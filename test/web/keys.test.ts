/** /dashboard/keys: a key is made, shown once, and revoked by whoever may. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { addMember, call, createKey, signUp, type TestPerson } from "../support/server.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";

const PATH = "/dashboard/keys";
const EVIL = `<img src=x onerror="document.title='owned'"> 🪶`;

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Grace Hopper");
const listed = async (person: TestPerson) =>
  (
    await call<{ items: Record<string, unknown>[] }>(scene.server.url, "/v1/api-keys", {
      token: person.token,
    })
  ).body.items;
const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });
const actionsOf = (page: Page, name: string) => page.getByRole("button", { name: `Actions for ${name}` });

test("a key is made, shown once, copied, and works", async () => {
  const person = await newcomer();
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("button", { name: "Create your first key" }).click();
  const dialog = dialogOf(page, "Create an API key");
  await dialog.getByRole("button", { name: "Create key" }).click();
  await dialog.getByText("Give the key a name.").waitFor();
  await dialog.getByLabel("Name").fill("CI");
  for (const scope of ["Read", "Sandboxes", "Templates"]) {
    await dialog.getByRole("checkbox", { name: scope }).uncheck();
  }
  await dialog.getByLabel("Name").press("Enter");
  await dialog.getByText("Choose at least one thing that the key may do.").waitFor();
  await dialog.getByRole("checkbox", { name: "Sandboxes" }).check();
  await dialog.getByLabel("Expires").selectOption("In 30 days");
  await dialog.getByRole("button", { name: "Create key" }).click();

  const made = dialogOf(page, "Copy the key now");
  await made.getByText("This is the only time the key is shown").waitFor();
  await page.keyboard.press("Enter");
  await made.getByText("Copied", { exact: true }).waitFor();
  const key = await page.evaluate(() => navigator.clipboard.readText());
  expect(key).toMatch(/^wrn_[0-9a-f]{32}$/);
  expect((await call(scene.server.url, "/v1/sandboxes", { apiKey: key })).status).toBe(200);
  // A press beside the dialog does not lose it.
  await page.mouse.click(4, 4);
  await made.getByRole("button", { name: "I have copied it" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });

  const row = rowOf(page, "CI");
  expect(await row.innerText()).toContain(key.slice(0, 10));
  expect(await row.innerText()).toContain("Sandboxes");
  await row.getByText("in 29 d").waitFor();
  expect(await page.content()).not.toContain(key);
  await page.reload();
  await row.waitFor();
  expect(await page.evaluate(() => document.documentElement.innerHTML)).not.toContain(key);
  expect(await listed(person)).toMatchObject([{ name: "CI", scopes: ["sandboxes"] }]);
});

test("revoking asks first; then the key is refused", async () => {
  const person = await newcomer();
  const key = await createKey(scene.server.url, person, { name: EVIL });
  const { page } = await scene.visitAs(person, { path: PATH });
  await actionsOf(page, EVIL).click();
  await page.getByRole("menuitem", { name: "Revoke…" }).click();
  const dialog = dialogOf(page, `Revoke ${EVIL}?`);
  await dialog.getByText("Programs that use it are refused from now on.").waitFor();
  await page.keyboard.press("Escape");
  expect(await listed(person)).toHaveLength(1);
  await actionsOf(page, EVIL).click();
  await page.getByRole("menuitem", { name: "Revoke…" }).click();
  await dialog.getByRole("button", { name: "Revoke key" }).click();
  await page.getByRole("heading", { name: "No key yet" }).waitFor();
  expect((await call(scene.server.url, "/v1/sandboxes", { apiKey: key })).status).toBe(401);
  expect(await page.title()).toBe("API keys · Wrenn");
  expect(await page.locator("img").count()).toBe(0);
});

test("members revoke their own keys, owners and admins all", async () => {
  const owner = await newcomer();
  const member = await addMember(scene.server.url, owner);
  const admin = await addMember(scene.server.url, owner, "admin");
  await createKey(scene.server.url, owner, { name: "of the owner" });
  await createKey(scene.server.url, member, { name: "of the member" });
  const revocable = async (person: TestPerson): Promise<Record<string, boolean>> => {
    const { page } = await scene.visitAs(person);
    await page.getByRole("button", { name: /^Team:/ }).click();
    await page.getByRole("menuitemradio", { name: "Grace Hopper's Team" }).click();
    await page.getByRole("button", { name: "Team: Grace Hopper's Team" }).waitFor();
    await page.getByRole("link", { name: "API keys" }).click();
    const may: Record<string, boolean> = {};
    for (const name of ["of the owner", "of the member"]) {
      await actionsOf(page, name).click();
      const item = page.getByRole("menuitem", { name: "Revoke…" });
      may[name] = (await item.getAttribute("aria-disabled")) !== "true";
      if (!may[name]) expect(await item.innerText()).toContain("ask an owner or admin");
      await page.keyboard.press("Escape");
    }
    return may;
  };
  expect(await revocable(member)).toEqual({ "of the owner": false, "of the member": true });
  expect(await revocable(admin)).toEqual({ "of the owner": true, "of the member": true });
  expect(await revocable(owner)).toEqual({ "of the owner": true, "of the member": true });
});

test("what others make and revoke is seen at once; the search finds", async () => {
  const person = await newcomer();
  await createKey(scene.server.url, person, { name: "first" });
  const { page } = await scene.visitAs(person, { path: PATH });
  await rowOf(page, "first").waitFor();
  await createKey(scene.server.url, person, { name: "second" });
  await rowOf(page, "second").waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("sec");
  await rowOf(page, "first").waitFor({ state: "detached" });
  await page.getByLabel("Search API keys").fill("nothing like it");
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
  const [newest] = await listed(person);
  await call(scene.server.url, `/v1/api-keys/${String(newest?.["id"])}`, {
    method: "DELETE",
    token: person.token,
  });
  await rowOf(page, "second").waitFor({ state: "detached" });
});

test("a list that cannot be read says so, and is read again", async () => {
  const person = await newcomer();
  const { page } = await scene.visitAs(person);
  const tryAgain = await refuseUntilAsked(page, "**/v1/api-keys?*");
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("heading", { name: "This list could not be read" }).waitFor();
  await tryAgain();
  await page.getByRole("heading", { name: "No key yet" }).waitFor();
});

test("without a team there are none to make", async () => {
  const person = await newcomer();
  await call(scene.server.url, `/v1/teams/${person.teamId}`, { method: "DELETE", token: person.token });
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("heading", { name: "You are in no team" }).waitFor();
  const create = page.getByRole("button", { name: "Create key" });
  expect(await create.getAttribute("aria-disabled")).toBe("true");
});

const VIEWS: readonly View[] = [
  ["keys", (page) => page.getByRole("table").waitFor()],
  [
    "keys search",
    async (page) => {
      await page.getByLabel("Search API keys").fill("nothing");
      await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
    },
  ],
  [
    "keys create",
    async (page) => {
      await page.getByLabel("Search API keys").fill("");
      await page.getByRole("button", { name: "Create key" }).click();
      await page.getByRole("textbox", { name: "Name", exact: true }).waitFor();
    },
  ],
  [
    "keys made",
    async (page) => {
      await page.getByRole("textbox", { name: "Name", exact: true }).fill("looked at");
      await page.getByRole("textbox", { name: "Name", exact: true }).press("Enter");
      await dialogOf(page, "Copy the key now").getByText("is made").waitFor();
    },
  ],
  [
    "keys revoke",
    async (page) => {
      await page.getByRole("button", { name: "I have copied it" }).click();
      await page
        .getByRole("button", { name: /^Actions for/ })
        .first()
        .click();
      await page.getByRole("menuitem", { name: "Revoke…" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
];

test.each(SIGHTS)("nothing stands in anybody's way: $name", async ({ name, theme, width }) => {
  const person = await newcomer();
  const soon = new Date(Date.now() + 3 * 86_400_000).toISOString();
  await createKey(scene.server.url, person, { name: "nightly build", scopes: ["read"] });
  await createKey(scene.server.url, person, { name: "laptop" });
  await createKey(scene.server.url, person, {
    name: "a name that is rather long for a key, but people do such things",
    scopes: ["read", "templates"],
    expires_at: soon,
  });
  const { page } = await scene.visitAs(person, { path: PATH, theme, width });
  expect(await findObstacles(page, VIEWS, name)).toEqual({});
});
