/** What one person does, another one sees, without asking. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import { DashboardScene } from "../support/dashboard-scene.ts";
import { addMember, call } from "../support/server.ts";

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

test("a sandbox appears, changes and goes in another window", async () => {
  const member = await addMember(scene.server.url, scene.admin);
  const [{ page: mine }, { page: theirs }] = [
    await scene.visitAs(scene.admin),
    await scene.visitAs({ ...member }),
  ];
  await theirs.getByRole("button", { name: /^Team:/ }).click();
  await theirs.getByRole("menuitemradio", { name: "Ada Lovelace's Team" }).click();
  await theirs.getByRole("button", { name: "Launch your first sandbox" }).waitFor();
  await mine.getByRole("button", { name: "Launch your first sandbox" }).click();
  await mine.getByRole("link", { name: "Sandboxes" }).first().click();
  const row = theirs.getByRole("row").nth(1);
  await row.getByText("Running").waitFor();
  await mine.getByRole("button", { name: /^Actions for/ }).click();
  await mine.getByRole("menuitem", { name: "Pause" }).click();
  await row.getByText("Paused").waitFor();
  await mine.getByRole("button", { name: /^Actions for/ }).click();
  await mine.getByRole("menuitem", { name: "Delete…" }).click();
  await mine.getByRole("button", { name: "Delete sandbox" }).click();
  await theirs.getByRole("heading", { name: "No sandbox just now" }).waitFor();
});

test("a team's new name and a role stand in the sidebar at once", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.getByRole("button", { name: "Team: Ada Lovelace's Team" }).waitFor();
  const renamed = await call(scene.server.url, `/v1/teams/${scene.admin.teamId}`, {
    method: "PATCH",
    token: scene.admin.token,
    body: { name: "Analytical Engines" },
  });
  expect(renamed.status).toBe(200);
  await page.getByRole("button", { name: "Team: Analytical Engines" }).waitFor();
});

test("what changed while the line was cut is there when it is back", async () => {
  const { page, context } = await scene.visitAs(scene.admin);
  await page.getByRole("heading", { name: "No sandbox just now" }).waitFor();
  await context.setOffline(true);
  // What is open already goes on without the network; this ends it.
  await page.evaluate(() => window.stop());
  await page.getByRole("status").filter({ hasText: "Reconnecting…" }).first().waitFor();
  const { id } = await scene.launch(scene.admin);
  await context.setOffline(false);
  await page.getByRole("link", { name: `sb-${id.slice(-8)}` }).waitFor();
  await page.getByRole("status").filter({ hasText: "Reconnecting…" }).first().waitFor({ state: "detached" });
});
