/** The dashboard for everyone: with a keyboard alone, on a telephone, in light and in dark, read out aloud. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { findBarriers } from "../support/axe.ts";
import { keepScreenshot } from "../support/browser.ts";
import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { insertTeamSamples } from "../support/sample-rows.ts";
import { call } from "../support/server.ts";

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
  for (const metadata of [
    { purpose: "nightly build" },
    { user: "a-name-of-forty-characters-without-a-break" },
  ]) {
    await scene.launch(scene.admin, { metadata });
  }
  await insertTeamSamples(scene.server.database.sql, scene.admin.teamId, { stepSec: 15, count: 200 });
  const { id } = await scene.launch(scene.admin);
  await call(scene.server.url, `/v1/sandboxes/${id}/pause`, { method: "POST", token: scene.admin.token });
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

/** What there is to see, each from the page before. */
const VIEWS: readonly [name: string, show: (page: Page) => Promise<void>][] = [
  [
    "sandboxes",
    async (page) => {
      await page.getByRole("table").waitFor();
      await page.getByRole("img", { name: /^Memory over the last hour: from/ }).waitFor();
    },
  ],
  [
    "launch",
    async (page) => {
      await page.getByRole("button", { name: "Launch sandbox" }).click();
      await page.getByRole("button", { name: "Add a pair" }).click();
    },
  ],
  [
    "menu",
    async (page) => {
      await page.keyboard.press("Escape");
      await page
        .getByRole("button", { name: /^Actions for/ })
        .first()
        .click();
      await page.getByRole("menu").waitFor();
    },
  ],
  [
    "confirm",
    async (page) => {
      await page.getByRole("menuitem", { name: "Delete…" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
  [
    "palette",
    async (page) => {
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.getByRole("listbox", { name: "Commands" }).waitFor();
    },
  ],
  [
    "nothing fits",
    async (page) => {
      await page.keyboard.press("Escape");
      await page.goto("/dashboard/sandboxes?q=nothing");
      await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
    },
  ],
  [
    "not found",
    async (page) => {
      await page.goto("/dashboard/nowhere");
      await page.getByRole("heading", { name: "There is no such page" }).waitFor();
    },
  ],
];

const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

describe.each(["light", "dark"] as const)("in %s", (theme) => {
  test.each([1280, 360])("%d px wide, nothing stands in anybody's way", async (width) => {
    const { page } = await scene.visitAs(scene.admin, { theme, width, height: 800 });
    for (const [name, show] of VIEWS) {
      await show(page);
      await keepScreenshot(page, `${name} ${theme} ${width}`);
      expect({ name, barriers: await findBarriers(page) }).toEqual({ name, barriers: [] });
      expect({ name, sideways: await scrollsSideways(page) }).toEqual({ name, sideways: false });
    }
  });

  test.each(["/login", "/login?error=no_account", "/signup"])("%s has no barriers", async (path) => {
    const { page } = await scene.visit({ theme, width: 360 });
    await page.goto(path);
    await page.getByRole("link", { name: /account|Sign in/ }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await scrollsSideways(page)).toBe(false);
  });
});

/** The accessible name of what has the focus, however deep. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(() => {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    const host = active?.getRootNode();
    const label = active?.getAttribute("aria-label") ?? "";
    const slotted = host instanceof ShadowRoot ? host.host.textContent : "";
    return (label || active?.textContent.trim() || slotted).trim();
  });

test("a sandbox is launched and deleted without a mouse", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.getByRole("table").waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("dialog", { name: "Commands" }).waitFor();
  await page.keyboard.type("launch");
  await page.keyboard.press("Enter");
  await dialogOf(page, "Launch a sandbox").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText(/is running\.$/).waitFor();
  await page
    .getByRole("button", { name: /^Actions for/ })
    .first()
    .focus();
  const opener = await focused(page);
  await page.keyboard.press("ArrowDown");
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await focused(page)).toBe(opener);
  await page.keyboard.press("Enter");
  await page.getByRole("menu").waitFor();
  await page.keyboard.type("del");
  await page.keyboard.press("Enter");
  // The dialog puts the focus where it is safe, a frame after it opened.
  await page.getByRole("button", { name: "Cancel" }).and(page.locator(":focus")).waitFor();
  await page.getByRole("button", { name: "Delete sandbox" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("1 sandbox deleted.").waitFor();
});

test("the first tab leads past the sidebar, and dialogs keep the focus in", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.goto("/dashboard/sandboxes");
  await page.getByRole("table").waitFor();
  await page.keyboard.press("Tab");
  expect(await focused(page)).toBe("Skip to the page");
  await page.getByRole("button", { name: "Launch sandbox" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.waitFor();
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press("Tab");
    const isOutside = await page.evaluate(() => {
      let active = document.activeElement;
      let inside = active === document.body;
      while (active) {
        inside ||= active.tagName === "WR-LAUNCH-SANDBOX";
        active = active.shadowRoot?.activeElement ?? null;
      }
      return !inside;
    });
    expect(isOutside).toBe(false);
  }
  await page.keyboard.press("Escape");
  expect(await focused(page)).toBe("Launch sandbox");
});

test("theme and sidebar are remembered", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.getByRole("button", { name: /^You:/ }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await page.getByRole("button", { name: "Collapse the sidebar" }).click();
  await page.reload();
  await page.getByRole("button", { name: "Open the sidebar" }).waitFor();
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe("dark");
  await keepScreenshot(page, "collapsed dark");
});

test("on a telephone the sidebar is behind a button", async () => {
  const { page } = await scene.visitAs(scene.admin, { width: 360 });
  await page.getByRole("button", { name: "Open the menu" }).click();
  await page.getByRole("dialog", { name: "Menu" }).waitFor();
  await keepScreenshot(page, "drawer 360");
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole("dialog").getByRole("link", { name: "Sandboxes" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
});
