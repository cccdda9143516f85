/** /dashboard/sandboxes: what it shows, finds and does. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { parseTeamId } from "../../proto/ids.ts";
import { keepScreenshot } from "../support/browser.ts";
import { DashboardScene, dialogOf, signInTo } from "../support/dashboard-scene.ts";
import { insertTeamSamples } from "../support/sample-rows.ts";
import { insertHeldSandboxes } from "../support/sandbox-rows.ts";
import { call, signUp, type TestPerson } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { waitFor } from "../support/wait-for.ts";

let scene: DashboardScene;
beforeAll(async () => {
  // No round after the first one: what is kept of teams is what a test writes.
  scene = await DashboardScene.start({ WRENN_MONITOR_MS: "600000" });
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

/** Somebody with a team of their own, so that tests do not see each other's. */
const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Grace Hopper");

const shortOf = (id: string): string => `sb-${id.slice(-8)}`;
const rowOf = (page: Page, id: string) => page.getByRole("row").filter({ hasText: shortOf(id) });

const statusOf = async (person: TestPerson, id: string): Promise<unknown> =>
  (await call(scene.server.url, `/v1/sandboxes/${id}`, { token: person.token })).body.status;

const choose = async (page: Page, id: string, name: string): Promise<void> => {
  await page.getByRole("button", { name: `Actions for ${shortOf(id)}` }).click();
  await page.getByRole("menuitem", { name }).click();
};

test("what is asked for when launching is what there is: a row that runs", async () => {
  const person = await newcomer();
  const { id } = await scene.launch(person);
  const { page } = await scene.visitAs(person);
  await rowOf(page, id).waitFor();
  await page.getByRole("button", { name: "Launch sandbox" }).click();
  const dialog = dialogOf(page, "Launch a sandbox");
  await dialog.getByLabel("Processors").selectOption("2 vCPUs");
  await dialog.getByLabel("Idle timeout").selectOption("1 hour");
  await dialog.getByLabel("When it runs out").selectOption("Delete it");
  await dialog.getByRole("button", { name: "Add a pair" }).click();
  await dialog.getByLabel("Key 1").fill("purpose");
  await dialog.getByLabel("Value 1").fill("first steps");
  await dialog.getByRole("button", { name: "Launch", exact: true }).click();
  await page.getByText(/^sb-\w+ is running\.$/).waitFor();
  const row = page.getByRole("row").nth(1);
  expect(await row.innerText()).toContain("Running");
  expect(await row.innerText()).toContain("2 vCPU");
  expect(await row.innerText()).toContain("purpose=first steps");
  const { body } = await call(scene.server.url, "/v1/sandboxes", { token: person.token });
  expect(body.items).toMatchObject([
    { vcpus: 2, timeout_sec: 3600, on_timeout: "kill", metadata: { purpose: "first steps" } },
    { id },
  ]);
});

test("text of others is shown as text", async () => {
  const person = await newcomer();
  const evil = `<img src=x onerror="document.title='owned'">`;
  await scene.launch(person, { metadata: { [evil]: `<script>alert(1)</script>`, bird: "🐦‍⬛🪶" } });
  const { page } = await scene.visitAs(person);
  await page.getByText("bird=🐦‍⬛🪶").waitFor();
  await page.getByLabel("Search sandboxes").fill(evil);
  await page.getByRole("table").waitFor();
  expect(await page.getByText("<img src=x", { exact: false }).count()).toBeGreaterThan(0);
  expect(await page.title()).toBe("Sandboxes · Wrenn");
  await call(scene.server.url, `/v1/me`, { method: "PATCH", token: person.token, body: { name: evil } });
  await page.reload();
  await page.getByRole("button", { name: `You: ${evil}` }).waitFor();
  expect(await page.locator("img").count()).toBe(0);
});

describe("what can be done to one", () => {
  test("pause and resume", async () => {
    const person = await newcomer();
    const { id } = await scene.launch(person);
    const { page } = await scene.visitAs(person);
    await choose(page, id, "Pause");
    await rowOf(page, id).getByText("Paused").waitFor();
    expect(await statusOf(person, id)).toBe("paused");
    await choose(page, id, "Resume");
    await rowOf(page, id).getByText("Running").waitFor();
  });

  test("fork", async () => {
    const person = await newcomer();
    const { id } = await scene.launch(person);
    const { page } = await scene.visitAs(person);
    await choose(page, id, "Fork…");
    const dialog = dialogOf(page, `Fork ${shortOf(id)}`);
    await dialog.getByLabel("Copies").fill("0");
    await dialog.getByRole("button", { name: "Fork" }).click();
    await dialog.getByText("Type a number from 1 to 100.").waitFor();
    await dialog.getByLabel("Copies").fill("3");
    await dialog.getByLabel("Copies").press("Enter");
    await page.getByText("3 sandboxes forked.").waitFor();
    expect(await page.getByRole("row").count()).toBe(1 + 4);
  });

  test("snapshot; what is wrong with its name is said in the dialog", async () => {
    const person = await newcomer();
    const { id } = await scene.launch(person);
    const { page } = await scene.visitAs(person);
    await choose(page, id, "Snapshot…");
    const dialog = dialogOf(page, `Make a snapshot of ${shortOf(id)}`);
    await dialog.getByLabel("Name").fill("minimal");
    await dialog.getByLabel("Name").press("Enter");
    await dialog.getByRole("alert").waitFor();
    await dialog.getByLabel("Name").fill("a-name-of-mine");
    await dialog.getByLabel("Name").press("Enter");
    await page.getByText("Snapshot a-name-of-mine is there").waitFor();
  });

  test("deletion says what ends, and ends nothing before the answer", async () => {
    const person = await newcomer();
    const { id } = await scene.launch(person);
    const { page } = await scene.visitAs(person);
    await choose(page, id, "Delete…");
    const dialog = dialogOf(page, `Delete ${shortOf(id)}?`);
    await dialog.getByText(`${shortOf(id)} from minimal, with all that runs in it`).waitFor();
    await page.keyboard.press("Escape");
    expect(await statusOf(person, id)).toBe("running");
    await choose(page, id, "Delete…");
    await dialog.getByRole("button", { name: "Delete sandbox" }).click();
    await page.getByRole("heading", { name: "No sandbox just now" }).waitFor();
    expect(await statusOf(person, id)).toBe("stopped");
    await page.getByRole("button", { name: "Ended" }).click();
    await rowOf(page, id).getByText("Ended").waitFor();
  });
});

describe("what the team uses", () => {
  const totals = (page: Page) => page.getByRole("region", { name: "The team's use" });
  /** Without the breaks that its layout makes. */
  const textOf = async (page: Page): Promise<string> =>
    (await totals(page).innerText()).replaceAll(/\s+/g, " ");

  test("is told with its last hour, and goes on being told", async () => {
    const person = await newcomer();
    const { sql } = scene.server.database;
    await scene.launch(person);
    const other = await scene.launch(person, { vcpus: 2, memory_mb: 1024 });
    await insertTeamSamples(sql, person.teamId, { stepSec: 15, count: 200 });
    const { page } = await scene.visit();
    await page.clock.install();
    await signInTo(page, "/dashboard/sandboxes", person);
    await totals(page)
      .getByRole("img", { name: /^Memory over the last hour: from \d+ MB to / })
      .waitFor();
    // Told by the list, which may come after what is used.
    await totals(page).getByText("of 3 vCPUs", { exact: true }).waitFor();
    expect(await textOf(page)).toMatch(
      /Running 2 of 2 Processors [\d.]+ of 3 vCPUs Memory [\d.]+ [MG]B of 1\.5 GB/,
    );
    await keepScreenshot(page, "sandboxes totals");
    await call(scene.server.url, `/v1/sandboxes/${other.id}/pause`, { method: "POST", token: person.token });
    // At once, with the event; what is used, with the next sample.
    await totals(page).getByText("of 1 vCPU", { exact: true }).waitFor();
    expect(await textOf(page)).toStartWith("Running 1 of 2");
    await sql`update team_metrics set cpu_used = 0.7 where team_id = ${parseTeamId(person.teamId)}`;
    await page.clock.fastForward(15_000);
    await totals(page).getByRole("img", { name: "Processors over the last hour: 0.7" }).waitFor();
    expect(await textOf(page)).toContain("Processors 0.7 of 1 vCPU");
  });

  test("is not spoken of where there is no sandbox, and is nothing where none was measured", async () => {
    const person = await newcomer();
    const { page } = await scene.visitAs(person);
    await page.getByRole("button", { name: "Launch your first sandbox" }).waitFor();
    expect(await totals(page).count()).toBe(0);
    await scene.launch(person);
    await totals(page)
      .getByRole("img", { name: "Running over the last hour: nothing was measured" })
      .waitFor();
    await totals(page).getByText("of 1 vCPU", { exact: true }).waitFor();
    expect(await textOf(page)).toStartWith("Running 1 of 1 Processors – of 1 vCPU");
  });
});

test("several are chosen and deleted together", async () => {
  const person = await newcomer();
  const [one, two, kept] = [
    await scene.launch(person),
    await scene.launch(person),
    await scene.launch(person),
  ];
  const { page } = await scene.visitAs(person);
  await page.getByLabel(`Select ${shortOf(one.id)}`).check();
  await page.getByLabel(`Select ${shortOf(two.id)}`).check();
  const bar = page.getByRole("region", { name: "Selection" });
  expect(await bar.innerText()).toContain("2 sandboxes selected");
  await bar.getByRole("button", { name: "Delete…" }).click();
  await dialogOf(page, "Delete 2 sandboxes?").getByRole("button", { name: "Delete 2 sandboxes" }).click();
  await page.getByText("2 sandboxes deleted.").waitFor();
  // They may leave the screen a moment after it is said.
  await page.getByRole("row").nth(2).waitFor({ state: "detached" });
  expect(await page.getByRole("row").count()).toBe(1 + 1);
  expect(await rowOf(page, kept.id).count()).toBe(1);
});

test("search and filters stand in the address, and can be cleared", async () => {
  const person = await newcomer();
  const { id } = await scene.launch(person, { metadata: { user: "Ada" } });
  const other = await scene.launch(person, { metadata: { user: "Grace" } });
  await call(scene.server.url, `/v1/sandboxes/${other.id}/pause`, { method: "POST", token: person.token });
  const { page } = await scene.visitAs(person);
  await rowOf(page, id).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("user=ada");
  await rowOf(page, other.id).waitFor({ state: "detached" });
  expect(await rowOf(page, id).count()).toBe(1);
  await page.waitForURL(/q=user%3Dada/);
  await page.getByRole("button", { name: /^Paused/ }).click();
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await rowOf(page, other.id).waitFor();
  expect(new URL(page.url()).search).toBe("");
});

test("a list that cannot be read says so, and is read when asked again", async () => {
  const person = await newcomer();
  const { id } = await scene.launch(person);
  const visitor = await scene.visit();
  const { page } = visitor;
  const tryAgain = await refuseUntilAsked(page, "**/v1/sandboxes?*");
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(person.email);
  await page.getByLabel("Password").fill(person.password);
  await page.getByLabel("Password").press("Enter");
  await page.getByRole("heading", { name: "This list could not be read" }).waitFor();
  expect(await page.getByText("It is away.").isVisible()).toBe(true);
  await tryAgain();
  await rowOf(page, id).waitFor();
});

test("who is in no team is told so, and may found one", async () => {
  const person = await newcomer();
  const gone = await call(scene.server.url, `/v1/teams/${person.teamId}`, {
    method: "DELETE",
    token: person.token,
  });
  expect(gone.status).toBe(204);
  const { page } = await scene.visitAs(person);
  await page.getByRole("heading", { name: "You are in no team" }).waitFor();
  const launch = page.getByRole("button", { name: "Launch sandbox" });
  expect(await launch.getAttribute("aria-disabled")).toBe("true");
  await page.getByRole("button", { name: "Create a team" }).click();
  await page.getByLabel("Name").fill("Fresh start");
  await page.getByLabel("Name").press("Enter");
  await page.getByRole("button", { name: "Launch your first sandbox" }).waitFor();
});

test("of thousands only those in sight are drawn", async () => {
  const person = await newcomer();
  // Of its own: with those of other tests it would hold more than is believed of a host.
  await using host = await StandInHost.join(scene.server.url, scene.admin.token);
  await insertHeldSandboxes(scene.server.database.sql, host, { count: 5_000, teamId: person.teamId });
  const { page } = await scene.visitAs(person);
  await page.getByText("5,000 sandboxes of your team").waitFor();
  expect(await page.getByRole("row").count()).toBeLessThan(80);
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await waitFor(
    "the last row",
    async () => (await page.getByRole("row").last().getAttribute("aria-rowindex")) === "5001",
  );
  expect(await page.getByRole("row").count()).toBeLessThan(80);
  await keepScreenshot(page, "sandboxes-5000");
});
