/** /admin/hosts: who comes in, whose hosts stand where, what the monitor holds and what is quarantined. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { newId, parseHostId } from "../../proto/ids.ts";
import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { insertHostSamples } from "../support/sample-rows.ts";
import { newSandboxId } from "../support/sandbox-rows.ts";
import { call, signUp, type TestPerson } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";

const PATH = "/admin/hosts";

let scene: DashboardScene;
const hosts: StandInHost[] = [];
beforeAll(async () => {
  scene = await DashboardScene.start({ WRENN_MONITOR_MS: "100" });
  scene.host.keepBeating(500);
}, 60_000);
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  await scene.leaveAll();
});
afterAll(() => scene.stop());

/** Somebody whose team brings its own hosts. */
const bringer = async (name: string): Promise<TestPerson> => {
  const person = await signUp(scene.server.url, name);
  const { status } = await call(scene.server.url, `/v1/admin/teams/${person.teamId}/byoc`, {
    method: "PUT",
    token: scene.admin.token,
    body: { enabled: true },
  });
  expect(status).toBe(200);
  return person;
};
const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });
const holdHosts = () =>
  scene.server.database.ownerSql`
    insert into monitor_holds (id, host_ids) values (${newId()}, ${[parseHostId(scene.host.id) ?? ""]})`;

test("the shield leads there, for platform admins alone", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.getByRole("link", { name: "Administration" }).click();
  await page
    .getByRole("navigation", { name: "Administration" })
    .getByText("admin", { exact: true })
    .waitFor();
  await page.getByRole("tab", { name: /^Platform/ }).waitFor();
  await page.getByRole("link", { name: "Back to the dashboard" }).click();
  await page.waitForURL(/\/dashboard\/sandboxes/);
  const other = await scene.visitAs(await signUp(scene.server.url, "Grace Hopper"));
  await other.page.getByRole("heading", { name: "Welcome, Grace Hopper" }).waitFor();
  expect(await other.page.getByRole("link", { name: "Administration" }).count()).toBe(0);
  await other.page.goto(PATH);
  await other.page.waitForURL(/\/dashboard\/sandboxes/);
});

test("a host of the platform joins, is counted, and is deleted", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: PATH });
  const counts = page.getByRole("group", { name: "How many hosts there are" });
  await counts.getByText("online").waitFor();
  await page.getByRole("button", { name: "Add host" }).click();
  await dialogOf(page, "Add a host of the platform").getByLabel("Name").fill("rack-1");
  await page.keyboard.press("Enter");
  const made = dialogOf(page, "Let rack-1 join");
  await made.getByText("Waiting for the machine to join…").waitFor();
  await page.keyboard.press("Enter");
  await made.getByText("Copied", { exact: true }).first().waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const token = /WRENN_REGISTRATION_TOKEN='([0-9a-f]{64})'/.exec(command)?.[1] ?? "";
  await counts.locator("wr-stat", { hasText: /1\s*pending/ }).waitFor();
  hosts.push(await StandInHost.register(scene.server.url, token));
  await dialogOf(page, "It has joined").getByText("rack-1 is online.").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await counts.locator("wr-stat", { hasText: /2\s*online/ }).waitFor();
  await page.getByRole("button", { name: "Actions for rack-1" }).click();
  await page.getByRole("menuitem", { name: "Delete…" }).click();
  await dialogOf(page, "Delete rack-1?").getByRole("button", { name: "Delete host" }).click();
  await rowOf(page, "rack-1").waitFor({ state: "detached" });
});

test("the teams' own stand by team; one is added for a team", async () => {
  const [ant, zebra] = [await bringer("Ant"), await bringer("Zebra")];
  const { page } = await scene.visitAs(scene.admin, { path: `${PATH}?tab=byoc` });
  hosts.push(await StandInHost.join(scene.server.url, zebra.token, {}, { type: "byoc", name: "of zebra" }));
  const ofZebra = page.getByRole("table", { name: "Hosts of Zebra's Team" });
  await rowOf(page, "of zebra").getByText("Online").waitFor();
  expect(await ofZebra.count()).toBe(1);
  await page.getByRole("button", { name: "Add host" }).click();
  const dialog = dialogOf(page, "Add a host");
  await dialog.getByLabel("Name").fill("of ant");
  await dialog.getByRole("button", { name: "Create token" }).click();
  await dialog.getByText("Choose whose host it is.").waitFor();
  await dialog.getByRole("combobox", { name: "Team" }).fill("Ant's");
  await page.getByRole("option", { name: "Ant's Team" }).click();
  await dialog.getByRole("button", { name: "Create token" }).click();
  await dialogOf(page, "Let of ant join").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("table", { name: "Hosts of Ant's Team" }).waitFor();
  const { body } = await call<{ items: unknown[] }>(scene.server.url, "/v1/hosts", { token: ant.token });
  expect(body.items).toMatchObject([{ name: "of ant", type: "byoc", team_id: ant.teamId }]);
});

test("a team's new host keeps the team's name, whichever of answer and event comes first", async () => {
  const quick = await bringer("Quick");
  const { page } = await scene.visitAs(scene.admin, { path: `${PATH}?tab=byoc` });
  const ofQuick = page.locator(`[data-team="${quick.teamId}"]`);
  await page.route("**/v1/hosts", async (route) => {
    const response = await route.fetch();
    await ofQuick.waitFor({ state: "attached" });
    await route.fulfill({ response });
  });
  await page.getByRole("button", { name: "Add host" }).click();
  const dialog = dialogOf(page, "Add a host");
  await dialog.getByLabel("Name").fill("overtaken");
  await dialog.getByRole("combobox", { name: "Team" }).fill("Quick's Team");
  await dialog.getByRole("button", { name: "Create token" }).click();
  await dialogOf(page, "Let overtaken join").waitFor();
  await page.keyboard.press("Escape");
  await rowOf(page, "overtaken").waitFor();
  expect(await ofQuick.getByRole("heading").allTextContents()).toEqual(["Quick's Team"]);
});

test("a host of a team is not offered before the teams are known", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.route("**/v1/admin/teams?*", (route) =>
    route.fulfill({ status: 503, json: { error: { code: "database_away", message: "It is away." } } }),
  );
  await page.goto(`${PATH}?tab=byoc`);
  const add = page.getByRole("button", { name: "Add host" });
  await add.hover();
  await page.getByRole("tooltip").getByText("It is away.").waitFor();
  expect(await add.isDisabled()).toBe(true);
  await page.unroute("**/v1/admin/teams?*");
  await page.reload();
  await add.click();
  await dialogOf(page, "Add a host").getByRole("combobox", { name: "Team" }).waitFor();
});

test("a hold is told, with the hosts it is about, and released", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: PATH });
  await rowOf(page, "Online").waitFor();
  await scene.host.fallSilent();
  await holdHosts();
  const told = page.getByRole("region", { name: "Monitor" });
  await told.getByText("1 host fell silent at once: none is marked lost yet").waitFor();
  await told.getByRole("button", { name: "Release the hold…" }).click();
  await dialogOf(page, "Release the hold?").getByRole("button", { name: "Mark them lost" }).click();
  await told.waitFor({ state: "detached" });
  const { body } = await call(scene.server.url, "/v1/admin/monitor", { token: scene.admin.token });
  expect(body).toMatchObject({ hold: null, last_hold: { end: "released" } });
  scene.host.keepBeating(500);
});

test("a sandbox that nobody knows is shown with the time it has left", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: PATH });
  await rowOf(page, "Online").waitFor();
  const id = newSandboxId();
  scene.host.set(id, {});
  const section = page.getByRole("region", { name: "Quarantined sandboxes" });
  await section.getByText(`sb-${id.slice(-8)}`).waitFor();
  await section.getByText("in 23 h").waitFor();
  scene.host.sandboxes.delete(id);
  await section.waitFor({ state: "detached" });
});

test("the details of a host draw what it used", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: PATH });
  await insertHostSamples(scene.server.database.sql, scene.host.id, { stepSec: 15, count: 100 });
  await rowOf(page, "Online").getByRole("button").first().click();
  const chart = page.getByRole("slider", { name: "Sandboxes running over time" });
  await chart.waitFor();
  expect(await chart.getAttribute("aria-valuetext")).toMatch(/^\d, /);
});

test("a list that cannot be read says so, and is read when asked again", async () => {
  const { page } = await scene.visitAs(scene.admin);
  const tryAgain = await refuseUntilAsked(page, "**/v1/admin/hosts?*");
  await page.getByRole("link", { name: "Administration" }).click();
  await page.getByText("It is away.").waitFor();
  await tryAgain();
  await rowOf(page, "Online").waitFor();
});

const VIEWS: readonly View[] = [
  ["admin hosts", (page) => rowOf(page, "Online").first().waitFor()],
  [
    "admin hosts byoc",
    async (page) => {
      await page.getByRole("tab", { name: /^BYOC/ }).click();
      await rowOf(page, "late").first().waitFor();
    },
  ],
  [
    "admin hosts add",
    async (page) => {
      await page.getByRole("button", { name: "Add host" }).click();
      await dialogOf(page, "Add a host").waitFor();
    },
  ],
  [
    "admin hosts nothing",
    async (page) => {
      await page.goto(`${PATH}?q=nothing`);
      await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
    },
  ],
];

test.each(SIGHTS)("$name, nothing stands in anybody's way", async ({ name, ...sight }) => {
  const person = await bringer("Grace Hopper");
  await call(scene.server.url, "/v1/hosts", { token: person.token, body: { name: "late", type: "byoc" } });
  const { page } = await scene.visitAs(scene.admin, { path: PATH, ...sight, height: 800 });
  expect(await findObstacles(page, VIEWS, name)).toEqual({});
});
