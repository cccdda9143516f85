/** /dashboard/byoc: who sees it, a machine that joins, and one that leaves. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { Locator, Page } from "playwright-core";

import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { insertHostSamples } from "../support/sample-rows.ts";
import { addMember, call, signUp, type TestPerson } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";
import { waitFor } from "../support/wait-for.ts";

const PATH = "/dashboard/byoc";
const EVIL = `<img src=x onerror="document.title='owned'"> 🪶`;

let scene: DashboardScene;
let hosts: StandInHost[] = [];
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
  await scene.leaveAll();
});
afterAll(() => scene.stop());

const setByoc = async ({ teamId }: Pick<TestPerson, "teamId">, enabled: boolean): Promise<void> => {
  const { status } = await call(scene.server.url, `/v1/admin/teams/${teamId}/byoc`, {
    method: "PUT",
    token: scene.admin.token,
    body: { enabled },
  });
  expect(status).toBe(200);
};

/** Somebody whose team brings its own hosts. */
const bringer = async (): Promise<TestPerson> => {
  const person = await signUp(scene.server.url, "Grace Hopper");
  await setByoc(person, true);
  return person;
};

const joinFor = async (person: TestPerson, specs: Record<string, unknown> = {}, name?: string) => {
  const wanted = { type: "byoc", ...(name !== undefined && { name }) };
  const host = await StandInHost.join(scene.server.url, person.token, specs, wanted);
  hosts.push(host);
  return host;
};

const listed = async (person: TestPerson) =>
  (await call<{ items: Record<string, unknown>[] }>(scene.server.url, "/v1/hosts", { token: person.token }))
    .body.items;

const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });
const choose = async (page: Page, name: string, item: string): Promise<void> => {
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: item, exact: true }).click();
};

describe("who sees it", () => {
  test("nobody whose team brings none; at once when that changes", async () => {
    const person = await signUp(scene.server.url, "Grace Hopper");
    const { page } = await scene.visitAs(person);
    const item = page.getByRole("navigation", { name: "Dashboard" }).getByRole("link", { name: /^Hosts/ });
    await page.getByRole("heading", { name: "Welcome, Grace Hopper" }).waitFor();
    expect(await item.count()).toBe(0);
    // The token of this session was made before, and says nothing of it.
    await setByoc(person, true);
    await item.click();
    await page.getByRole("heading", { name: "No host yet" }).waitFor();
    await setByoc(person, false);
    await page.getByRole("heading", { name: "Your team uses the platform's hosts" }).waitFor();
    expect(await item.count()).toBe(0);
  });

  test("a member sees the item and may not use it; the address says whom to ask", async () => {
    const owner = await bringer();
    const member = await addMember(scene.server.url, owner);
    const { page } = await scene.visitAs(member);
    await page.getByRole("button", { name: /^Team:/ }).click();
    await page.getByRole("menuitemradio", { name: /^Grace Hopper/ }).click();
    const item = page.getByRole("navigation", { name: "Dashboard" }).getByRole("link", { name: /^Hosts/ });
    await item.waitFor();
    expect(await item.getAttribute("aria-disabled")).toBe("true");
    expect(await item.getAttribute("title")).toBe("Ask an owner or admin of the team.");
    await item.click({ force: true });
    expect(new URL(page.url()).pathname).toBe("/dashboard/sandboxes");
    await page.goto(PATH);
    await page.getByRole("heading", { name: "Ask an owner or admin" }).waitFor();
    expect(await page.getByRole("button", { name: "Add host" }).count()).toBe(0);
  });
});

test("a machine joins: token, command, and the row turns online while one looks", async () => {
  const person = await bringer();
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("button", { name: "Add your first host" }).click();
  const form = dialogOf(page, "Add a host");
  await form.getByRole("button", { name: "Create token" }).click();
  await form.getByText("Give the host a name.").waitFor();
  await form.getByLabel("Name").fill("rack-1");
  await form.getByLabel("Provider").fill("own rack");
  await form.getByLabel("Name").press("Enter");

  const made = dialogOf(page, "Let rack-1 join");
  await made.getByText("Waiting for the machine to join…").waitFor();
  expect(await made.locator("wr-drawn-check").isVisible()).toBe(true);
  // The command has the focus: one key takes it along.
  await page.keyboard.press("Enter");
  await made.getByText("Copied", { exact: true }).first().waitFor();
  const command = await page.evaluate(() => navigator.clipboard.readText());
  const token = /WRENN_REGISTRATION_TOKEN='([0-9a-f]{64})'/.exec(command)?.[1] ?? "";
  expect(command).toContain("register --server 'http");
  const row = rowOf(page, "rack-1");
  expect(await row.innerText()).toContain("Not joined");
  // A press beside the dialog does not lose the command.
  await page.mouse.click(4, 4);
  expect(await made.getByText("Waiting for the machine to join…").isVisible()).toBe(true);

  hosts.push(await StandInHost.register(scene.server.url, token));
  await dialogOf(page, "It has joined").getByText("rack-1 is online.").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await row.getByText("Online").waitFor();
  const text = await row.innerText();
  for (const part of ["Emulated", "4 CPUs · 8 GB", "4 GB"]) {
    expect(text).toContain(part);
  }
  await row.getByText("under a minute ago").waitFor();
  expect(await page.content()).not.toContain(token);
});

test("two windows see each other's changes", async () => {
  const person = await bringer();
  const [one, other] = [
    (await scene.visitAs(person, { path: PATH })).page,
    (await scene.visitAs(person, { path: PATH })).page,
  ];
  await other.getByRole("heading", { name: "No host yet" }).waitFor();
  await one.getByRole("button", { name: "Add host", exact: true }).click();
  await one.getByLabel("Name").fill("seen-by-both");
  await one.getByLabel("Name").press("Enter");
  await rowOf(other, "seen-by-both").waitFor();
});

test("a new token for one that never joined; none for one that is online", async () => {
  const person = await bringer();
  await call(scene.server.url, "/v1/hosts", { token: person.token, body: { name: "late", type: "byoc" } });
  await joinFor(person, {}, "here");
  const { page } = await scene.visitAs(person, { path: PATH });
  await choose(page, "late", "New token");
  await dialogOf(page, "Let late join").getByText("Waiting for the machine").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Actions for here" }).click();
  const item = page.getByRole("menuitem", { name: /^New token/ });
  expect(await item.getAttribute("aria-disabled")).toBe("true");
  expect(await item.innerText()).toContain("It is online: its credentials work.");
});

test("details: accelerator in plain words, templates, sandboxes", async () => {
  const person = await bringer();
  const host = await joinFor(person, {}, "rack-1");
  const { id } = await scene.launch(person);
  expect(host.sandboxes.has(id)).toBe(true);
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("button", { name: "rack-1", exact: true }).click();
  const dialog = dialogOf(page, "rack-1");
  await dialog.getByText("This machine has no /dev/kvm that works").waitFor();
  await dialog.getByText("1 running, 0 paused").waitFor();
  await dialog.getByText("minimal", { exact: true }).waitFor();
});

test("details: what it used over time, of the machine that it is", async () => {
  const person = await bringer();
  const { id } = await joinFor(person, {}, "rack-1");
  await call(scene.server.url, "/v1/hosts", { token: person.token, body: { name: "late", type: "byoc" } });
  await insertHostSamples(scene.server.database.sql, id, { stepSec: 15, count: 200 });
  await insertHostSamples(scene.server.database.sql, id, { stepSec: 60, count: 900 });
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("button", { name: "rack-1", exact: true }).click();
  const chart = (label: string) => page.getByRole("slider", { name: `${label} over time` });
  for (const [label, value] of [
    ["Processors", /^[\d.]+ %, /],
    ["Memory", /^[\d.]+ GB, /],
    ["Disk", /^40 GB, /],
    ["Sandboxes running", /^\d, /],
  ] as const) {
    await chart(label).waitFor();
    expect(await chart(label).getAttribute("aria-valuetext")).toMatch(value);
  }
  await page.getByLabel("Time", { exact: true }).selectOption("Last day");
  await page.getByText("1 d ago").first().waitFor();
  await chart("Disk").waitFor();
  await page.keyboard.press("Escape");
  // A machine that never joined has nothing to show.
  await page.getByRole("button", { name: "late", exact: true }).click();
  await dialogOf(page, "late").getByText("0 running, 0 paused").waitFor();
  expect(await page.getByRole("heading", { name: "Usage" }).count()).toBe(0);
});

test("drained, it says so; undrained, it takes sandboxes again", async () => {
  const person = await bringer();
  await joinFor(person, {}, "rack-1");
  await scene.launch(person);
  const { page } = await scene.visitAs(person, { path: PATH });
  await choose(page, "rack-1", "Drain");
  await rowOf(page, "rack-1").getByText("draining").waitFor();
  const refused = await call(scene.server.url, "/v1/sandboxes", {
    token: person.token,
    body: { template: "minimal" },
  });
  expect(refused.status).toBe(503);
  await choose(page, "rack-1", "Take sandboxes again");
  await rowOf(page, "rack-1").getByText("draining").waitFor({ state: "detached" });
  await choose(page, "rack-1", "Drain and pause…");
  const dialog = dialogOf(page, "Drain rack-1 and pause what runs?");
  await dialog.getByText("1 sandbox paused").waitFor();
  await dialog.getByRole("button", { name: "Drain and pause" }).click();
  await rowOf(page, "rack-1").getByText("draining").waitFor();
});

test("deletion shows the sandboxes that end, asks for the name, and ends them", async () => {
  const person = await bringer();
  await joinFor(person, {}, "rack-1");
  const { id } = await scene.launch(person);
  const { page } = await scene.visitAs(person, { path: PATH });
  await choose(page, "rack-1", "Delete…");
  const dialog = dialogOf(page, "Delete rack-1?");
  await dialog.getByText(`sb-${id.slice(-8)}`).waitFor();
  const end = dialog.getByRole("button", { name: "Delete host and 1 sandbox" });
  expect(await end.isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
  expect(await listed(person)).toHaveLength(1);
  await choose(page, "rack-1", "Delete…");
  await dialog.getByLabel("Type rack-1 to go on").fill("rack-1");
  await end.click();
  await page.getByRole("heading", { name: "No host yet" }).waitFor();
  expect(await listed(person)).toEqual([]);
  const { body } = await call(scene.server.url, `/v1/sandboxes/${id}`, { token: person.token });
  expect(body).toMatchObject({ status: "stopped", status_reason: "host_deleted" });
});

test("a sandbox that came after the preview is shown before it ends", async () => {
  const person = await bringer();
  await joinFor(person, {}, "rack-1");
  const { page } = await scene.visitAs(person, { path: PATH });
  await choose(page, "rack-1", "Delete…");
  const dialog = dialogOf(page, "Delete rack-1?");
  await dialog.getByText("There is no sandbox on it.").waitFor();
  const { id } = await scene.launch(person);
  await dialog.getByRole("button", { name: "Delete host", exact: true }).click();
  await dialog.getByText(`sb-${id.slice(-8)}`).waitFor();
  expect(await listed(person)).toHaveLength(1);
});

test("text of others is shown as text; search finds, and can be cleared", async () => {
  const person = await bringer();
  await call(scene.server.url, "/v1/hosts", { token: person.token, body: { name: EVIL, type: "byoc" } });
  await joinFor(person, {}, "rack-1");
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("button", { name: EVIL, exact: true }).click();
  await dialogOf(page, EVIL).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.keyboard.type("rack");
  await rowOf(page, EVIL).waitFor({ state: "detached" });
  await page.getByLabel("Search hosts").fill("nowhere");
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.getByRole("button", { name: "Clear the search" }).click();
  await rowOf(page, EVIL).waitFor();
  expect(await page.title()).toBe("Hosts · Wrenn");
});

test("who goes to the search while a dialog closes stays there; else the focus goes back", async () => {
  const person = await bringer();
  await joinFor(person, {}, "rack-1");
  const { page } = await scene.visitAs(person, { path: PATH });
  const opener = page.getByRole("button", { name: "rack-1", exact: true });
  const dialog = page.getByRole("dialog", { name: "rack-1" });
  const search = page.getByLabel("Search hosts");
  const isFocused = (one: Locator) => one.evaluate((element) => element.matches(":focus"));
  await opener.click();
  await dialog.waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await isFocused(opener)).toBe(true);
  await opener.click();
  await dialog.waitFor();
  const field = await search.elementHandle();
  await dialog.evaluate((element, other) => {
    (element as HTMLDialogElement).close();
    (other as HTMLElement | null)?.focus();
  }, field);
  await dialog.waitFor({ state: "detached" });
  expect(await isFocused(search)).toBe(true);
});

test("a list that cannot be read says so, and is read when asked again", async () => {
  const person = await bringer();
  const { page } = await scene.visitAs(person);
  const tryAgain = await refuseUntilAsked(page, "**/v1/hosts?*");
  await page.getByRole("link", { name: "Hosts" }).click();
  await page.getByText("It is away.").waitFor();
  await tryAgain();
  await page.getByRole("heading", { name: "No host yet" }).waitFor();
});

describe("everyone", () => {
  let person: TestPerson;
  let kept: StandInHost[] = [];
  beforeAll(async () => {
    person = await bringer();
    kept = [
      await joinFor(person, { accelerator: "kvm" }, "rack-1"),
      await joinFor(person, {}, "a-machine-whose-name-has-no-break-in-it-at-all"),
    ];
    hosts = [];
    await insertHostSamples(scene.server.database.sql, kept[0]?.id ?? "", { stepSec: 15, count: 200 });
    await call(scene.server.url, "/v1/hosts", { token: person.token, body: { name: "late", type: "byoc" } });
    await call(scene.server.url, `/v1/hosts/${kept[0]?.id}/drain`, { token: person.token, body: {} });
    const { id } = await scene.launch(person);
    await waitFor("it is somewhere", () => kept.some((host) => host.sandboxes.has(id)));
  });
  afterAll(() => Promise.all(kept.map((host) => host.stop())));

  const views: readonly View[] = [
    ["byoc", (page) => rowOf(page, "rack-1").getByText("Online").waitFor()],
    [
      "byoc details",
      async (page) => {
        await choose(page, "rack-1", "Details");
        await dialogOf(page, "rack-1").getByText("0 running").waitFor();
        await page.getByRole("slider", { name: "Disk over time" }).waitFor();
      },
    ],
    [
      "byoc usage",
      async (page) => {
        await page.getByRole("slider", { name: "Disk over time" }).scrollIntoViewIfNeeded();
      },
    ],
    [
      "byoc delete",
      async (page) => {
        await page.keyboard.press("Escape");
        await choose(page, "a-machine-whose-name-has-no-break-in-it-at-all", "Delete…");
        await page.getByRole("dialog", { name: /^Delete/ }).waitFor();
      },
    ],
    [
      "byoc add",
      async (page) => {
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Add host" }).click();
        await dialogOf(page, "Add a host").waitFor();
      },
    ],
    [
      "byoc token",
      async (page) => {
        await page.keyboard.press("Escape");
        await choose(page, "late", "New token");
        await page.getByText("Waiting for the machine to join…").waitFor();
      },
    ],
  ];

  test.each(SIGHTS)("$name, nothing stands in anybody's way", async ({ name, ...sight }) => {
    const { page } = await scene.visitAs(person, { path: PATH, ...sight, height: 800 });
    expect(await findObstacles(page, views, name)).toEqual({});
  });
});
