/** /dashboard/templates: what is there, where, how it is used, and what keeps it from being deleted. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { parseHostId, parseTemplateId } from "../../proto/ids.ts";
import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { call, signUp, type TestPerson } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";

const PATH = "/dashboard/templates";

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Grace Hopper");
const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });
const choose = async (page: Page, name: string, item: string | RegExp): Promise<void> => {
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
};

/** A snapshot, and the sandbox it is of. */
const snapshotOf = async (person: TestPerson, name: string): Promise<{ id: string; sandboxId: string }> => {
  const { id: sandboxId } = await scene.launch(person);
  const made = await call(scene.server.url, "/v1/snapshots", {
    token: person.token,
    body: { sandbox_id: sandboxId, name },
  });
  expect(made.status).toBe(201);
  return { id: String(made.body["id"]), sandboxId };
};

test("the platform's and the team's own, by type; the filter stands in the address", async () => {
  const person = await newcomer();
  const { page } = await scene.visitAs(person, { path: PATH });
  await rowOf(page, "minimal").getByText("Platform").waitFor();
  // Made while one looks.
  await snapshotOf(person, "after-setup");
  await rowOf(page, "after-setup").getByText("Your team").waitFor();
  await page.getByRole("button", { name: "Snapshots 1" }).click();
  await rowOf(page, "minimal").waitFor({ state: "detached" });
  await page.waitForURL(/type=snapshot/);
  await page.getByLabel("Search templates").fill("nothing");
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await rowOf(page, "minimal").waitFor();
});

test("a sandbox is launched from it", async () => {
  const person = await newcomer();
  await snapshotOf(person, "after-setup");
  const { page } = await scene.visitAs(person, { path: PATH });
  await choose(page, "after-setup", "Launch a sandbox…");
  const dialog = dialogOf(page, "Launch a sandbox");
  expect(await dialog.getByRole("combobox", { name: "Template" }).inputValue()).toBe("after-setup");
  await dialog.getByRole("button", { name: "Launch", exact: true }).click();
  await page.getByText(/^sb-\w+ is running\.$/).waitFor();
  const { body } = await call(scene.server.url, "/v1/sandboxes", { token: person.token });
  expect(body["items"]).toContainEqual(expect.objectContaining({ template: "after-setup" }));
});

test("code to paste, for the API and for the e2b SDK", async () => {
  const person = await newcomer();
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("button", { name: "minimal", exact: true }).click();
  const dialog = dialogOf(page, "Use minimal");
  await dialog.getByRole("button", { name: /^Copy Wrenn API code/ }).click();
  const pasted = await page.evaluate(() => navigator.clipboard.readText());
  expect(pasted).toContain(`curl -X POST ${scene.server.url}/v1/sandboxes`);
  const body = /-d '(.*)'/.exec(pasted)?.[1] ?? "";
  const answer = await call(scene.server.url, "/v1/sandboxes", {
    token: person.token,
    body: JSON.parse(body),
  });
  expect(answer.status).toBe(201);
  await dialog.getByRole("tab", { name: "e2b SDK" }).click();
  await dialog.getByText('Sandbox.create("minimal")').waitFor();
});

test("deletion: what depends on it is in the way, and shown; without, it is gone", async () => {
  const person = await newcomer();
  await snapshotOf(person, "after-setup");
  const { id } = await scene.launch(person, { template: "after-setup" });
  const { page } = await scene.visitAs(person, { path: PATH });
  await choose(page, "after-setup", "Delete…");
  const kept = dialogOf(page, "after-setup is in use");
  await kept.getByText(`sb-${id.slice(-8)}`).waitFor();
  await kept.getByRole("button", { name: "Show them" }).click();
  await page.waitForURL(/\/dashboard\/sandboxes\?q=after-setup/);
  await rowOf(page, `sb-${id.slice(-8)}`).waitFor();
  await call(scene.server.url, `/v1/sandboxes/${id}`, { method: "DELETE", token: person.token });
  await page.goto(PATH);
  await choose(page, "after-setup", "Delete…");
  const dialog = dialogOf(page, "Delete after-setup?");
  await dialog.getByText("Its files on 1 host").waitFor();
  await dialog.getByRole("button", { name: "Delete snapshot" }).click();
  await rowOf(page, "after-setup").waitFor({ state: "detached" });
  const gone = await call(scene.server.url, "/v1/templates/after-setup", { token: person.token });
  expect(gone.status).toBe(404);
});

test("the platform's is not to be deleted, and says why", async () => {
  const person = await newcomer();
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("button", { name: "Actions for minimal" }).click();
  const item = page.getByRole("menuitem", { name: /^Delete/ });
  expect(await item.getAttribute("aria-disabled")).toBe("true");
  expect(await item.innerText()).toContain("It belongs to the platform");
});

test("a copy to a further host is told as it goes on", async () => {
  const person = await newcomer();
  const { id } = await snapshotOf(person, "copied");
  const further = await StandInHost.join(scene.server.url, scene.admin.token);
  const { page } = await scene.visitAs(person, { path: PATH });
  await rowOf(page, "copied").getByText("On 1 host").waitFor();
  const { sql } = scene.server.database;
  const [hostId, templateId] = [parseHostId(further.id), parseTemplateId(id)];
  await sql`
    insert into host_templates (host_id, template_id, state, progress)
    values (${hostId}, ${templateId}, 'copying', 0.25)`;
  await rowOf(page, "copied").getByText("Copying 25 %").waitFor();
  await sql`update host_templates set progress = 0.75 where host_id = ${hostId} and template_id = ${templateId}`;
  await rowOf(page, "copied").getByText("Copying 75 %").waitFor();
  await sql`
    update host_templates set state = 'present', progress = 1
    where host_id = ${hostId} and template_id = ${templateId}`;
  await rowOf(page, "copied").getByText("On 2 hosts").waitFor();
  await further.stop();
});

test("a list that cannot be read says so, and is read when asked again", async () => {
  const person = await newcomer();
  const { page } = await scene.visitAs(person);
  const tryAgain = await refuseUntilAsked(page, "**/v1/templates?*");
  await page.getByRole("link", { name: "Templates" }).click();
  await page.getByText("It is away.").waitFor();
  await tryAgain();
  await rowOf(page, "minimal").waitFor();
});

const VIEWS: readonly View[] = [
  ["templates", (page) => rowOf(page, "minimal").waitFor()],
  [
    "templates use",
    async (page) => {
      await page.getByRole("button", { name: "minimal", exact: true }).click();
      await dialogOf(page, "Use minimal").waitFor();
    },
  ],
  [
    "templates delete",
    async (page) => {
      await page.keyboard.press("Escape");
      await choose(page, "a-snapshot-of-mine", "Delete…");
      await dialogOf(page, "Delete a-snapshot-of-mine?").waitFor();
    },
  ],
];

test.each(SIGHTS)("$name, nothing stands in anybody's way", async ({ name, ...sight }) => {
  const person = await newcomer();
  await snapshotOf(person, "a-snapshot-of-mine");
  const { page } = await scene.visitAs(person, { path: PATH, ...sight, height: 800 });
  expect(await findObstacles(page, VIEWS, name)).toEqual({});
});
