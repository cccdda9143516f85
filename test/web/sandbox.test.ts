/** /dashboard/sandboxes/{id}: what its frame and its overview show and do, live. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { parseSandboxId } from "../../proto/ids.ts";
import { findBarriers } from "../support/axe.ts";
import { keepScreenshot } from "../support/browser.ts";
import { DashboardScene, dialogOf, type SandboxBody, signInTo } from "../support/dashboard-scene.ts";
import { insertSandboxSamples } from "../support/sample-rows.ts";
import { newSandboxId } from "../support/sandbox-rows.ts";
import { call, signUp, type TestPerson } from "../support/server.ts";
import { refuseUntilAsked } from "../support/try-again.ts";

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start({ WRENN_MONITOR_MS: "200" });
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Grace Hopper");
const pathOf = (id: string): string => `/dashboard/sandboxes/${id}`;

const ask = (person: TestPerson, id: string, path = "", method = "GET"): Promise<SandboxBody> =>
  call<SandboxBody>(scene.server.url, `/v1/sandboxes/${id}${path}`, { method, token: person.token }).then(
    ({ body }) => body,
  );

const status = (page: Page) => page.locator("wr-sandbox-view .status");

const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test("a row of the list leads to the sandbox, with its facts and the command that reaches it", async () => {
  const person = await newcomer();
  const evil = `<img src=x onerror="document.title='owned'">`;
  const { id } = await scene.launch(person, {
    metadata: { purpose: "nightly build 🪶", [evil]: evil },
    timeout_sec: 3600,
    network: { allow_internet: false, allow_cidrs: ["203.0.113.0/24"] },
  });
  const { page } = await scene.visitAs(person);
  await page.getByRole("link", { name: `sb-${id.slice(-8)}` }).click();
  await page.waitForURL(pathOf(id));
  await status(page).getByText("Running").waitFor();
  const facts = page.getByRole("region", { name: "Facts" });
  expect(await facts.innerText()).toContain("minimal");
  expect(await facts.innerText()).toContain("No internet");
  expect(await facts.innerText()).toContain("allowed: 203.0.113.0/24");
  await page.getByText("It is paused after 1 h in which nobody used it.").waitFor();
  expect(await page.getByRole("region", { name: "Metadata" }).innerText()).toContain(evil);
  expect(await page.locator("img").count()).toBe(0);
  await page
    .getByRole("button", { name: /^Copy sandbox id: sb-/ })
    .first()
    .click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(id);
  await page.getByRole("button", { name: /^Copy command/ }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`/v1/sandboxes/${id}/exec`);
  await page.getByRole("link", { name: "Sandboxes" }).last().click();
  await page.waitForURL("/dashboard/sandboxes");
});

test("it is paused, resumed, started from its disk, and every window sees it", async () => {
  const person = await newcomer();
  const { id } = await scene.launch(person);
  const [one, other] = [
    await scene.visitAs(person, { path: pathOf(id) }),
    await scene.visitAs(person, { path: `${pathOf(id)}?tab=overview` }),
  ];
  await one.page.getByRole("button", { name: "Pause", exact: true }).click();
  await status(one.page).getByText("Paused").waitFor();
  await status(other.page).getByText("Paused").waitFor();
  await other.page.getByRole("button", { name: "Resume", exact: true }).click();
  await status(one.page).getByText("Running").waitFor();
  await ask(person, id, "/pause", "POST");
  await one.page.getByRole("button", { name: /^Actions for/ }).click();
  await one.page.getByRole("menuitem", { name: "Start from its disk…" }).click();
  const dialog = dialogOf(one.page, /Start .* from its disk/);
  expect(await dialog.innerText()).toContain("Every process that was running when it was paused");
  await dialog.getByRole("button", { name: "Start from disk" }).click();
  await status(other.page).getByText("Running").waitFor();
  expect(await ask(person, id)).toMatchObject({ status: "running" });
});

test("its timeout is extended and changed", async () => {
  const person = await newcomer();
  const { id } = await scene.launch(person, { timeout_sec: 600 });
  const { page } = await scene.visitAs(person, { path: pathOf(id) });
  await page.getByRole("button", { name: "Extend" }).click();
  await page.getByText("Its time starts over.").waitFor();
  expect(scene.host.calls).toContain("pingSandbox");
  await page.getByRole("button", { name: "Change…" }).click();
  const dialog = dialogOf(page, "Change the timeout");
  await dialog.getByLabel("Idle timeout").selectOption("8 hours");
  await dialog.getByLabel("When it runs out").selectOption("Delete it");
  await dialog.getByRole("button", { name: "Change timeout" }).click();
  await page.getByText("It is deleted after 8 h in which nobody used it.").waitFor();
  expect(await ask(person, id)).toMatchObject({ timeout_sec: 28_800, on_timeout: "kill" });
});

test("deleted elsewhere, it says so and leads back", async () => {
  const person = await newcomer();
  const { id } = await scene.launch(person);
  const { page } = await scene.visitAs(person, { path: pathOf(id) });
  await status(page).getByText("Running").waitFor();
  await ask(person, id, "", "DELETE");
  await page.getByText("This sandbox has ended: it was deleted.").waitFor();
  await page.getByRole("link", { name: "Back to the sandboxes" }).click();
  await page.getByRole("heading", { name: "No sandbox just now" }).waitFor();
});

test.each([newSandboxId(), "sb-nonsense"])("%s is no sandbox of the team's, and that is said", async (id) => {
  const person = await newcomer();
  const { page } = await scene.visitAs(person, { path: pathOf(id) });
  await page.getByRole("heading", { name: "There is no such sandbox" }).waitFor();
  await page.getByRole("link", { name: "Back to the sandboxes" }).click();
  await page.waitForURL("/dashboard/sandboxes");
});

test("a server that does not answer is told, with a way to try again", async () => {
  const person = await newcomer();
  const { id } = await scene.launch(person);
  const { page } = await scene.visitAs(person);
  const tryAgain = await refuseUntilAsked(page, `**/v1/sandboxes/${id}`);
  await page.goto(pathOf(id));
  await page.getByRole("heading", { name: "This sandbox could not be read" }).waitFor();
  await tryAgain();
  await status(page).getByText("Running").waitFor();
});

describe("usage", () => {
  test("nothing measured is said", async () => {
    const person = await newcomer();
    const { id } = await scene.launch(person);
    const { page } = await scene.visitAs(person, { path: pathOf(id) });
    await page.getByText("Nothing was measured in this time").first().waitFor();
    expect(await page.getByText("Nothing was measured in this time").count()).toBe(3);
  });

  test("what was measured is drawn, point by point, and what comes is drawn too", async () => {
    const person = await newcomer();
    const { id } = await scene.launch(person);
    const { sql } = scene.server.database;
    await insertSandboxSamples(sql, id, { stepSec: 15, count: 120 });
    await insertSandboxSamples(sql, id, { stepSec: 900, count: 192 });
    const { page } = await scene.visit({ height: 1000 });
    await page.clock.install();
    await signInTo(page, pathOf(id), person);
    const processors = page.getByRole("slider", { name: "Processors over time" });
    const told = (): Promise<string | null> => processors.getAttribute("aria-valuetext");
    await processors.waitFor();
    expect(await told()).toMatch(/^[\d.]+ %, /);
    expect(
      await page.getByRole("slider", { name: "Disk over time" }).getAttribute("aria-valuetext"),
    ).toStartWith("300 MB, ");
    expect(await page.getByRole("slider", { name: "Memory over time" }).getAttribute("aria-valuemax")).toBe(
      "119",
    );
    const newest = await told();
    await processors.press("Home");
    expect(await processors.getAttribute("aria-valuenow")).toBe("0");
    expect(await told()).not.toBe(newest);
    await keepScreenshot(page, "sandbox usage");
    await processors.blur();
    await sql`
      update sandbox_metrics set cpu_used_percent = 99 where sandbox_id = ${parseSandboxId(id)}`;
    // Hosts note a sample that often.
    await page.clock.fastForward(15_000);
    await page.getByText("99 %").waitFor();
    await page.getByLabel("Time", { exact: true }).selectOption("Last 30 days");
    await page.getByText("30 d ago").first().waitFor();
    await processors.waitFor();
  });
});

describe.each(["light", "dark"] as const)("in %s", (theme) => {
  test.each([1280, 360])("%d px wide, nothing stands in anybody's way", async (width) => {
    const person = await newcomer();
    const { id } = await scene.launch(person, {
      metadata: { purpose: "nightly", "a-long-key-of-metadata": "x".repeat(80) },
    });
    const { page } = await scene.visitAs(person, { theme, width, height: 900, path: pathOf(id) });
    await page.getByText("Nothing was measured in this time").first().waitFor();
    await keepScreenshot(page, `sandbox running ${theme} ${width}`);
    expect(await findBarriers(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(false);
    await page.getByRole("button", { name: "Change…" }).click();
    await page.getByRole("dialog").waitFor();
    await keepScreenshot(page, `sandbox timeout ${theme} ${width}`);
    expect(await findBarriers(page)).toEqual([]);
  });
});
