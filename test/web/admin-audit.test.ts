/** /admin/audit: what happened on the platform, in sentences, as it happens. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { DashboardScene } from "../support/dashboard-scene.ts";
import { call, signUp } from "../support/server.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";

const PATH = "/admin/audit";

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

const rowOf = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });

test("a sentence per event, new ones on top, the chain verified", async () => {
  const person = await signUp(scene.server.url, "Grace Hopper");
  const { page } = await scene.visitAs(scene.admin, { path: PATH });
  await rowOf(page, "signed up as").first().waitFor();
  await page.getByText(/^Chain intact/).waitFor();
  await call(scene.server.url, `/v1/admin/teams/${person.teamId}/byoc`, {
    method: "PUT",
    token: scene.admin.token,
    body: { enabled: true },
  });
  await rowOf(page, "turned own hosts on for").waitFor();
  await call(scene.server.url, `/v1/admin/users/${person.userId}`, {
    method: "PUT",
    token: scene.admin.token,
    body: { is_disabled: true },
  });
  await rowOf(page, "disabled Grace Hopper").waitFor();
  const { body } = await call(scene.server.url, "/v1/admin/audit-logs/verify", { token: scene.admin.token });
  expect(body).toMatchObject({ is_intact: true });
});

test("filtered by kind, then by what happened; the filters stand in the address", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: PATH });
  await rowOf(page, "signed up as").first().waitFor();
  await page.getByRole("button", { name: "Hosts" }).click();
  await rowOf(page, "registered the host").first().waitFor();
  await rowOf(page, "signed up as").first().waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Drain", exact: true }).click();
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.waitForURL(/type=host&action=drain/);
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await rowOf(page, "signed up as").first().waitFor();
});

test("a trail that cannot be read says so, and is read when asked again", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: "/admin/hosts" });
  const tryAgain = await refuseUntilAsked(page, "**/v1/admin/audit-logs?*");
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByText("It is away.").waitFor();
  await tryAgain();
  await rowOf(page, "signed up as").first().waitFor();
});

const VIEWS: readonly View[] = [
  ["admin audit", (page) => rowOf(page, "signed up as").first().waitFor()],
  [
    "admin audit details",
    async (page) => {
      await page
        .getByRole("button", { name: /^Actions for event/ })
        .first()
        .click();
      await page.getByRole("menuitem", { name: "Details" }).click();
      await page.locator("wr-dialog").getByText("Platform admins").waitFor();
    },
  ],
];

test.each(SIGHTS)("$name, nothing stands in anybody's way", async ({ name, ...sight }) => {
  const { page } = await scene.visitAs(scene.admin, { path: PATH, ...sight, height: 800 });
  expect(await findObstacles(page, VIEWS, name)).toEqual({});
});
