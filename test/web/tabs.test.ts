/** Several tabs of one browser: they share a stream of events, and none misses a thing. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import type { BrowserContext, Page } from "playwright-core";

import { DashboardScene, signInTo } from "../support/dashboard-scene.ts";
import { call, readMetric, signUp, type TestPerson } from "../support/server.ts";
import { waitFor } from "../support/wait-for.ts";

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Grace Hopper");

const linkTo = (page: Page, id: string) => page.getByRole("link", { name: `sb-${id.slice(-8)}` });
const rowOf = (page: Page, id: string) => page.getByRole("row").filter({ has: linkTo(page, id) });

const pause = (person: TestPerson, id: string) =>
  call(scene.server.url, `/v1/sandboxes/${id}/pause`, { method: "POST", token: person.token });

const streams = (count: number): Promise<void> =>
  waitFor(
    `${count} streams`,
    async () => (await readMetric(scene.server.url, "wrenn_event_streams")) === count,
    10_000,
  );

/** One more tab of a browser that somebody is signed in with. */
const openTab = async (context: BrowserContext, path = "/dashboard/sandboxes"): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(path);
  await page.getByRole("button", { name: /^You: / }).waitFor();
  return page;
};

const openTabs = async (context: BrowserContext, count: number): Promise<Page[]> => {
  const pages: Page[] = [];
  while (pages.length < count) pages.push(await openTab(context));
  return pages;
};

/** The browser's name for the tab that has the stream. */
const leaderOf = (page: Page): Promise<string | undefined> =>
  page.evaluate(async () => (await navigator.locks.query()).held?.[0]?.clientId);

/** How often a page reads the whole list from now on. */
const countReadings = (page: Page): (() => number) => {
  let readings = 0;
  page.on("request", (request) => {
    if (request.url().includes("/v1/sandboxes?")) readings += 1;
  });
  return () => readings;
};

test("seven tabs are live over one stream, and go on from the same event when its tab is closed", async () => {
  const person = await newcomer();
  const { context, page: leading } = await scene.visitAs(person);
  const others = await openTabs(context, 6);
  await streams(1);
  const first = await scene.launch(person);
  for (const page of [leading, ...others]) await linkTo(page, first.id).waitFor();
  const counts = others.map(countReadings);
  // While nobody has the stream, and just before and after.
  const [second] = await Promise.all([scene.launch(person), leading.close(), pause(person, first.id)]);
  const third = await scene.launch(person);
  for (const page of others) {
    await linkTo(page, second.id).waitFor();
    await linkTo(page, third.id).waitFor();
    await rowOf(page, first.id).getByText("Paused").waitFor();
  }
  expect(counts.map((count) => count())).toEqual(others.map(() => 0));
  await streams(1);
});

test("tabs of other teams and people have streams of their own", async () => {
  const [person, other] = [await newcomer(), await signUp(scene.server.url, "Joan Clarke")];
  const { context, page } = await scene.visitAs(person);
  const answer = await context.request.post("/v1/auth/login", {
    data: { email: other.email, password: other.password },
    headers: { origin: scene.server.url },
  });
  expect(answer.status()).toBe(200);
  const theirs = await openTab(context);
  await theirs.getByRole("button", { name: "You: Joan Clarke" }).waitFor();
  await streams(2);
  const [mine, yours] = [await scene.launch(person), await scene.launch(other)];
  await linkTo(page, mine.id).waitFor();
  await linkTo(theirs, yours.id).waitFor();
  expect(await page.getByRole("row").count()).toBe(1 + 1);
  expect(await theirs.getByRole("row").count()).toBe(1 + 1);
});

test("a tab that changes the team leaves the stream to the others", async () => {
  const person = await newcomer();
  await call(scene.server.url, "/v1/teams", { token: person.token, body: { name: "Compilers" } });
  const { context, page: leading } = await scene.visitAs(person);
  const staying = await openTab(context);
  await leading.getByRole("button", { name: /^Team:/ }).click();
  await leading.getByRole("menuitemradio", { name: "Compilers" }).click();
  await leading.getByRole("button", { name: "Team: Compilers" }).waitFor();
  await streams(2);
  const { id } = await scene.launch(person);
  await linkTo(staying, id).waitFor();
  expect(await leading.getByRole("row").count()).toBe(0);
});

test("who signs out has no stream left in any tab", async () => {
  const person = await newcomer();
  const { context, page: leading } = await scene.visitAs(person);
  const [other] = await openTabs(context, 1);
  await streams(1);
  await leading.getByRole("button", { name: /^You: / }).click();
  await leading.getByRole("menuitem", { name: "Sign out" }).click();
  await other?.waitForURL(/\/login/);
  await streams(0);
});

test("all tabs learn that the session was ended from elsewhere", async () => {
  const person = await newcomer();
  const { context, page } = await scene.visitAs(person);
  const pages = [page, ...(await openTabs(context, 2))];
  await streams(1);
  const { password } = person;
  const changed = await call(scene.server.url, "/v1/me/password", {
    token: person.token,
    body: { current_password: password, new_password: password },
  });
  expect(changed.status).toBe(204);
  for (const one of pages) await one.getByText("Sign in to go on where you were.").waitFor();
});

test("admins share the instance's stream too", async () => {
  const { context, page } = await scene.visitAs(scene.admin, { path: "/admin/hosts" });
  const other = await openTab(context, "/admin/hosts");
  await streams(2);
  await call(scene.server.url, "/v1/hosts", { token: scene.admin.token, body: { name: "third-rack" } });
  for (const one of [page, other]) await one.getByText("third-rack").first().waitFor();
});

test("a tab that keeps the stream to itself is relieved of it", async () => {
  const person = await newcomer();
  const { context, page: leading } = await scene.visit();
  // All that others notice of a tab that hangs.
  await leading.addInitScript(() => {
    const { postMessage } = BroadcastChannel.prototype;
    BroadcastChannel.prototype.postMessage = function (message: unknown) {
      if (document.title !== "mute") postMessage.call(this, message);
    };
  });
  await signInTo(leading, "/dashboard/sandboxes", person);
  await streams(1);
  const following = await context.newPage();
  await following.clock.install();
  await following.goto("/dashboard/sandboxes");
  await following.getByRole("button", { name: "Launch your first sandbox" }).waitFor();
  const leader = await leaderOf(following);
  await leading.evaluate(() => {
    document.title = "mute";
  });
  const { id } = await scene.launch(person);
  await linkTo(leading, id).waitFor();
  expect(await linkTo(following, id).count()).toBe(0);
  // Quiet for too long; then no answer.
  await following.clock.runFor(30_000);
  await following.clock.runFor(10_000);
  await linkTo(following, id).waitFor();
  expect(await leaderOf(following)).not.toBe(leader);
  await streams(1);
  await pause(person, id);
  for (const page of [following, leading]) await rowOf(page, id).getByText("Paused").waitFor();
});

test("where a browser has no locks, each tab has its own stream", async () => {
  const person = await newcomer();
  const { context, page } = await scene.visitAs(person);
  await context.addInitScript(() => {
    delete (Navigator.prototype as { locks?: LockManager }).locks;
  });
  const other = await openTab(context);
  await streams(2);
  const { id } = await scene.launch(person);
  for (const one of [page, other]) await linkTo(one, id).waitFor();
});
