/** /admin/teams and /admin/users: own hosts and limits of teams, who may come in. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { call, signUp, type TestPerson } from "../support/server.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";

const EVIL = `<img src=x onerror="document.title='owned'"> 🪶`;

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

/** Somebody with a team by a name of its own. */
const newcomer = async (name: string): Promise<TestPerson & { team: string }> => ({
  ...(await signUp(scene.server.url, name)),
  team: `${name}'s Team`,
});
const rowOf = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });
const choose = async (page: Page, name: string, item: string): Promise<void> => {
  await page.getByRole("button", { name: `Actions for ${name}`, exact: true }).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
};
const asAdmin = {
  get token(): string {
    return scene.admin.token;
  },
};
const logIn = ({ email, password }: TestPerson) =>
  call(scene.server.url, "/v1/auth/login", { body: { email, password } });

test("a team is let bring its own hosts; not stopped while it has some", async () => {
  const person = await newcomer("Ant");
  const { page } = await scene.visitAs(scene.admin, { path: "/admin/teams" });
  await rowOf(page, person.team).getByText("Platform's").waitFor();
  await choose(page, person.team, "Allow own hosts…");
  await page.getByRole("button", { name: "Allow own hosts" }).click();
  await rowOf(page, person.team).getByText("BYOC, 0 hosts").waitFor();
  const made = await call(scene.server.url, "/v1/hosts", {
    token: person.token,
    body: { name: "rack-1", type: "byoc" },
  });
  expect(made.status).toBe(201);
  await choose(page, person.team, "Stop BYOC…");
  await page.getByRole("button", { name: "Stop BYOC", exact: true }).click();
  const why = dialogOf(page, `${person.team} still has hosts of its own`);
  await why.getByRole("button", { name: "Show its hosts" }).click();
  await page.waitForURL(/\/admin\/hosts\?tab=byoc/);
  await rowOf(page, "rack-1").waitFor();
  const { body } = made;
  const { id } = body["host"] as { id: string };
  await call(scene.server.url, `/v1/hosts/${id}`, { method: "DELETE", token: person.token });
  await page.goto("/admin/teams");
  await choose(page, person.team, "Stop BYOC…");
  await page.getByRole("button", { name: "Stop BYOC", exact: true }).click();
  await rowOf(page, person.team).getByText("Platform's").waitFor();
});

test("limits of a team: what is wrong is said, what is set counts, left empty it is the instance's", async () => {
  const person = await newcomer("Bee");
  const { page } = await scene.visitAs(scene.admin, { path: "/admin/teams" });
  await choose(page, person.team, "Limits…");
  const dialog = dialogOf(page, `Limits of ${person.team}`);
  await dialog.getByLabel("Sandboxes").fill("0");
  await dialog.getByLabel("Processors").fill("-1");
  await dialog.getByRole("button", { name: "Set limits" }).click();
  await dialog.getByText("Type a whole number, or nothing.").waitFor();
  await dialog.getByLabel("Processors").fill("");
  await dialog.getByRole("button", { name: "Set limits" }).click();
  await rowOf(page, person.team).getByText("0 sandboxes").waitFor();
  const refused = await call(scene.server.url, "/v1/sandboxes", {
    token: person.token,
    body: { template: "minimal" },
  });
  expect(refused.body.error).toMatchObject({ code: "quota_exceeded", limit: "sandboxes", max: 0 });
  await choose(page, person.team, "Limits…");
  await dialog.getByLabel("Sandboxes").fill("");
  await dialog.getByRole("button", { name: "Set limits" }).click();
  await rowOf(page, person.team).getByText("0 sandboxes").waitFor({ state: "detached" });
  await scene.launch(person);
});

test("an account is added; its person comes in by the link", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: "/admin/users" });
  await page.getByRole("button", { name: "Add user" }).first().click();
  const dialog = dialogOf(page, "Add a user");
  await dialog.getByRole("button", { name: "Add user" }).click();
  await dialog.getByText("Give the account a name.").waitFor();
  await dialog.getByLabel("Name").fill("Linus");
  await dialog.getByLabel("E-mail").fill(scene.admin.email);
  await page.keyboard.press("Enter");
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("E-mail").fill("linus@example.com");
  await page.keyboard.press("Enter");
  const made = dialogOf(page, "Hand out this link");
  await made.getByText("It is shown this once.").waitFor();
  await page.keyboard.press("Enter");
  await made.getByText("Copied", { exact: true }).waitFor();
  const url = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  await made.getByRole("button", { name: "I have copied it" }).click();
  await rowOf(page, "linus@example.com").getByText("No password").waitFor();
  const token = url.searchParams.get("token") ?? url.hash.replace(/^#(token=)?/, "");
  const set = await call(scene.server.url, "/v1/auth/set-password", {
    body: { token, password: "a password of theirs" },
  });
  expect(set.status).toBeLessThan(300);
  await rowOf(page, "linus@example.com").getByText("Active").waitFor();
});

test("disabled, nobody comes in; enabled, they do again", async () => {
  const person = await newcomer("Cat");
  const { page } = await scene.visitAs(scene.admin, { path: "/admin/users" });
  await choose(page, "Cat", "Disable…");
  const dialog = dialogOf(page, "Disable Cat?");
  await dialog.getByText("Every session of theirs").waitFor();
  await dialog.getByRole("button", { name: "Disable account" }).click();
  await rowOf(page, person.email).getByText("Disabled", { exact: true }).waitFor();
  expect((await logIn(person)).status).not.toBe(200);
  await choose(page, "Cat", "Enable");
  await rowOf(page, person.email).getByText("Active").waitFor();
  expect((await logIn(person)).status).toBe(200);
});

test("the last administrator stays one, and is told why", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: "/admin/users" });
  await choose(page, "Ada Lovelace", "Take administration…");
  await page.getByRole("button", { name: "Take it" }).click();
  await page.getByText("No other administrator can sign in").waitFor();
  const { status } = await call(scene.server.url, "/v1/admin/users", asAdmin);
  expect(status).toBe(200);
});

test("text of others is shown as text; search finds, and can be cleared", async () => {
  const person = await newcomer("Dog");
  await call(scene.server.url, "/v1/me", { method: "PATCH", token: person.token, body: { name: EVIL } });
  const { page } = await scene.visitAs(scene.admin, { path: "/admin/users" });
  await rowOf(page, "<img src=x").waitFor();
  expect(await page.locator("img").count()).toBe(0);
  await page.keyboard.press("/");
  await page.keyboard.type("nobody-at-all");
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await page.goto("/admin/teams");
  // Its owner's name, which is anybody's to choose.
  await rowOf(page, "<img src=x").waitFor();
  expect(await page.locator("img").count()).toBe(0);
  expect(await page.title()).toBe("Teams · Wrenn");
});

test.each(["teams", "users"])(
  "when %s cannot be read it says so, and reads when asked again",
  async (noun) => {
    const { page } = await scene.visitAs(scene.admin);
    const tryAgain = await refuseUntilAsked(page, `**/v1/admin/${noun}?*`);
    await page.goto(`/admin/${noun}`);
    await page.getByText("It is away.").waitFor();
    await tryAgain();
    await rowOf(page, "Ada Lovelace").first().waitFor();
  },
);

const VIEWS: readonly View[] = [
  ["admin teams", (page) => rowOf(page, "Ada Lovelace").first().waitFor()],
  [
    "admin teams limits",
    async (page) => {
      await choose(page, "Ada Lovelace's Team", "Limits…");
      await page.getByRole("dialog", { name: /^Limits/ }).waitFor();
    },
  ],
  [
    "admin users",
    async (page) => {
      await page.goto("/admin/users");
      await rowOf(page, "Ada Lovelace").waitFor();
    },
  ],
  [
    "admin users add",
    async (page) => {
      await page.getByRole("button", { name: "Add user" }).click();
      await dialogOf(page, "Add a user").waitFor();
    },
  ],
];

test.each(SIGHTS)("$name, nothing stands in anybody's way", async ({ name, ...sight }) => {
  const { page } = await scene.visitAs(scene.admin, { path: "/admin/teams", ...sight, height: 800 });
  expect(await findObstacles(page, VIEWS, name)).toEqual({});
});
