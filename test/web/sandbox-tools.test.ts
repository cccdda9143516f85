/**
 * Terminal, files, processes, ports, logs and activity of a sandbox: a host without machines passes requests on to
 * a real guest agent, which is quick to start. Over a real machine they are in `sandbox-live.test.ts`.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { type GuestAgent, startGuestAgent } from "../guest/guest-agent.ts";
import { findBarriers } from "../support/axe.ts";
import { keepScreenshot } from "../support/browser.ts";
import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { call, signUp, type TestPerson } from "../support/server.ts";
import { lastTerminal, untilShown } from "../support/terminal.ts";

let scene: DashboardScene;
let guest: GuestAgent;
beforeAll(async () => {
  [scene, guest] = await Promise.all([DashboardScene.start(), startGuestAgent()]);
  scene.host.guestUrl = guest.url;
  scene.host.answers.listPorts = () => ({ ports: [3000] });
  scene.host.answers.getSandboxLogs = () => ({
    console: new TextEncoder().encode("[ 0.0] Linux\r\n\u001B[32mgreen\u001B[0m <img src=x>\n"),
    guestAgent: new TextEncoder().encode("listens on port 49983\n"),
  });
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(async () => {
  await guest.stop();
  await scene.stop();
});

const EVIL = `<img src=x onerror="document.title='owned'">.txt`;

const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Grace Hopper");

/** A sandbox of somebody new, and their browser at one of its views. */
const visit = async (tab: string, options: { theme?: "light" | "dark"; width?: number } = {}) => {
  const person = await newcomer();
  const { id } = await scene.launch(person);
  const visitor = await scene.visitAs(person, { ...options, path: `/dashboard/sandboxes/${id}?tab=${tab}` });
  return { ...visitor, person, id };
};

const change = (person: TestPerson, id: string, action: string) =>
  call(scene.server.url, `/v1/sandboxes/${id}/${action}`, { method: "POST", token: person.token });

const untilTerminal = (page: Page, what: string): Promise<void> => untilShown(lastTerminal(page), what);

const row = (page: Page, name: string) => page.getByRole("row").filter({ hasText: name });

const choose = async (page: Page, name: string, item: string): Promise<void> => {
  await page.getByRole("button", { name: `Actions for ${name}` }).click();
  await page.getByRole("menuitem", { name: item }).click();
};

describe("terminal", () => {
  test("shells on tabs, found again after another page and after a reload", async () => {
    const { page } = await visit("terminal");
    await page.getByRole("tab", { name: "Shell 1" }).waitFor();
    await untilTerminal(page, "$");
    await page.keyboard.type("echo first-$((6*7))\n");
    await untilTerminal(page, "first-42");
    await page.getByRole("button", { name: "New shell" }).click();
    await page.getByRole("tab", { name: "Shell 2" }).waitFor();
    await untilTerminal(page, "$");
    await page.keyboard.type("echo second-$((2*3))\n");
    await untilTerminal(page, "second-6");
    await page.getByRole("tab", { name: "Activity" }).click();
    await page.getByRole("tab", { name: "Terminal" }).click();
    await untilTerminal(page, "second-6");
    await page.reload();
    await untilTerminal(page, "second-6");
    await page.getByRole("tab", { name: "Shell 1" }).click();
    const first = page.getByRole("tabpanel", { name: "Shell 1" }).locator("wr-terminal");
    await untilShown(first, "first-42");
  });

  test("true colours are shown under the content policy, and the keyboard leads out", async () => {
    const { page } = await visit("terminal");
    await untilTerminal(page, "$");
    await page.keyboard.type(String.raw`printf '\033[38;2;200;60;0mtrue''colour\033[0m\n'` + "\n");
    await untilTerminal(page, "truecolour");
    const colour = await page
      .locator("wr-terminal .xterm-rows span", { hasText: /^truecolour$/ })
      .evaluate((span) => getComputedStyle(span).color);
    expect(colour).toBe("rgb(200, 60, 0)");
    await page.keyboard.press("F6");
    const focused = await page.evaluate(() => {
      let active = document.activeElement;
      while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
      return active?.textContent.trim();
    });
    expect(focused).toBe("Shell 1");
  });

  test("a shell that ends says so, and makes room for another", async () => {
    const { page } = await visit("terminal");
    await untilTerminal(page, "$");
    await page.keyboard.type("exit 3\n");
    await page.getByText("The shell ended with exit code 3.").waitFor();
    await page
      .getByText("The shell ended with exit code 3.")
      .getByRole("button", { name: "New shell" })
      .click();
    await untilTerminal(page, "$");
    await page.getByRole("button", { name: "Close this shell" }).click();
    await dialogOf(page, "Close shell 1?").getByRole("button", { name: "Close shell" }).click();
    await page.getByRole("tab", { name: "Shell 1" }).waitFor({ state: "detached" });
  });

  test("a session that ends in the middle of work leads back to the same shell", async () => {
    const { page, person, id } = await visit("terminal");
    await untilTerminal(page, "$");
    await page.keyboard.type("kept=yes; echo set-$((1+1))\n");
    await untilTerminal(page, "set-2");
    const { email, password, token } = person;
    // Everything of the account is signed out from elsewhere.
    const changed = await call(scene.server.url, "/v1/me/password", {
      token,
      body: { current_password: password, new_password: password },
    });
    expect(changed.status).toBe(204);
    await page.getByText("Sign in to go on where you were.").waitFor();
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByLabel("Password").press("Enter");
    await page.waitForURL(`/dashboard/sandboxes/${id}?tab=terminal`);
    await untilTerminal(page, "set-2");
    await lastTerminal(page).click();
    await page.keyboard.type("echo still-$kept\n");
    await untilTerminal(page, "still-yes");
  });

  test("paused it says so, and goes on when resumed", async () => {
    const { page, person, id } = await visit("terminal");
    await untilTerminal(page, "$");
    await page.keyboard.type("echo before-$((1+1))\n");
    await untilTerminal(page, "before-2");
    await change(person, id, "pause");
    await page.getByRole("heading", { name: "This sandbox is paused" }).waitFor();
    await keepScreenshot(page, "sandbox paused terminal");
    await page.getByRole("tabpanel", { name: "Terminal" }).getByRole("button", { name: "Resume" }).click();
    await untilTerminal(page, "before-2");
    await page.getByRole("tab", { name: "Shell 1" }).waitFor();
    await page.locator("wr-terminal:not([deaf])").waitFor();
    await page.keyboard.type("echo after-$((1+2))\n");
    await untilTerminal(page, "after-3");
  });
});

describe("files", () => {
  test("a folder is made, filled, looked into, renamed and deleted", async () => {
    const { page } = await visit("files");
    await page.getByRole("button", { name: "New folder" }).click();
    const ask = dialogOf(page, "New folder");
    await ask.getByLabel("Name").fill("a/b");
    await ask.getByRole("button", { name: "Create folder" }).click();
    await ask.getByText("A name has no slash.").waitFor();
    await ask.getByLabel("Name").fill("papers 🪶");
    await ask.getByRole("button", { name: "Create folder" }).click();
    await row(page, "papers 🪶").getByRole("link").click();
    await page.getByRole("heading", { name: "This folder is empty" }).waitFor();
    const files = [
      { name: EVIL, mimeType: "text/plain", buffer: Buffer.from("plain <b>text</b>\n") },
      { name: "code.ts", mimeType: "text/plain", buffer: Buffer.from("const answer = 42; // yes\n") },
      { name: "blob.bin", mimeType: "application/octet-stream", buffer: Buffer.from([0, 1, 2, 0]) },
      { name: "dot.png", mimeType: "image/png", buffer: PIXEL },
    ];
    await page.locator("input[type=file]").setInputFiles(files);
    for (const { name } of files) await row(page, name).waitFor();
    await row(page, "code.ts").getByRole("link").click();
    const content = page.getByRole("region", { name: "Content of code.ts" });
    expect(await content.innerText()).toContain("const answer = 42; // yes");
    expect(await content.locator(".word").innerText()).toBe("const");
    await keepScreenshot(page, "sandbox files");
    await row(page, "blob.bin").getByRole("link").click();
    await page.getByRole("heading", { name: "No preview" }).waitFor();
    await row(page, "dot.png").getByRole("link").click();
    const picture = page.getByRole("img", { name: "dot.png" });
    await picture.waitFor();
    expect(await picture.evaluate((one) => (one as HTMLImageElement).naturalWidth)).toBe(1);
    await row(page, "<img").getByRole("link").click();
    expect(await page.getByRole("region", { name: /^Content of <img/ }).innerText()).toContain("<b>text</b>");
    expect(await page.title()).not.toBe("owned");
    await choose(page, "code.ts", "Rename…");
    await dialogOf(page, "Rename code.ts").getByLabel("New name").fill("renamed.ts");
    await dialogOf(page, "Rename code.ts").getByRole("button", { name: "Rename" }).click();
    await row(page, "renamed.ts").waitFor();
    await page.getByRole("link", { name: "user", exact: true }).click();
    await choose(page, "papers 🪶", "Delete…");
    const confirm = dialogOf(page, "Delete papers 🪶?");
    expect(await confirm.innerText()).toContain("/home/user/papers 🪶");
    await confirm.getByRole("button", { name: "Delete folder" }).click();
    await row(page, "papers 🪶").waitFor({ state: "detached" });
  });

  test("the tree shows what is in what, and has nothing to open where there is nothing", async () => {
    const { page } = await visit("files");
    await page.getByRole("button", { name: "New folder" }).click();
    const dialog = dialogOf(page, "New folder");
    await dialog.getByLabel("Name").fill("inner");
    await dialog.getByLabel("Name").press("Enter");
    await row(page, "inner").getByRole("link").click();
    const tree = page.getByRole("tree", { name: "Directories" });
    await tree.getByRole("treeitem", { name: "inner" }).click();
    await tree.locator("[data-path$='/inner']:not([aria-expanded])").waitFor();
    const lefts = await tree
      .locator("[data-path='/'], .open, [data-path$='/inner']")
      .locator(".folder")
      .evaluateAll((folders) => folders.map((folder) => folder.getBoundingClientRect().left));
    expect(lefts.length).toBeGreaterThan(2);
    expect(lefts).toEqual([...new Set(lefts)].sort((one, other) => one - other));
  });

  test("what would be written over is asked about first", async () => {
    const { page } = await visit("files");
    const file = { name: "twice.txt", mimeType: "text/plain", buffer: Buffer.from("one") };
    await page.locator("input[type=file]").setInputFiles([file]);
    await row(page, "twice.txt").first().waitFor();
    await page.locator("input[type=file]").setInputFiles([{ ...file, buffer: Buffer.from("two") }]);
    const confirm = dialogOf(page, "Replace twice.txt?");
    await confirm.getByRole("button", { name: "Cancel" }).click();
    await confirm.waitFor({ state: "detached" });
    await row(page, "twice.txt").getByRole("link").click();
    await page.getByRole("region", { name: "Content of twice.txt" }).getByText("one").waitFor();
    await choose(page, "twice.txt", "Delete…");
    await page.getByRole("button", { name: "Delete file" }).click();
    await page.getByText("twice.txt is deleted.").waitFor();
  });
});

/** One pixel. */
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);

describe("logs", () => {
  test("console and guest agent, as text without colours", async () => {
    const { page } = await visit("logs");
    const log = page.getByRole("region", { name: "Log" });
    await log.getByText("green <img src=x>").waitFor();
    expect(await log.innerText()).not.toContain("[32m");
    await page.getByRole("tab", { name: "Guest agent" }).click();
    await log.getByText("listens on port 49983").waitFor();
  });

  test("of one that failed they come first, with the reason", async () => {
    const person = await newcomer();
    const id = newSandboxId();
    const { sql } = scene.server.database;
    await insertSandboxRows(sql, {
      ids: [id],
      teamId: person.teamId,
      hostId: scene.host.id,
      status: "error",
    });
    await sql`update sandboxes set status_reason = 'oom' where status = 'error'`;
    const { page } = await scene.visitAs(person, { path: `/dashboard/sandboxes/${id}` });
    await page.getByText("This sandbox failed: out of memory.").waitFor();
    expect(await page.getByRole("tab", { name: "Logs" }).getAttribute("aria-selected")).toBe("true");
    await page.getByText(/^Why: out of memory\./).waitFor();
  });
});

test("activity tells who did what, as it happens", async () => {
  const { page, person, id } = await visit("activity");
  const list = page.getByRole("list", { name: "Activity" });
  await list.getByText("launched it from minimal").waitFor();
  await change(person, id, "pause");
  await list.getByText("paused it").waitFor();
  expect(await list.getByRole("listitem").first().innerText()).toContain("Grace Hopper paused it");
});

describe.each(["light", "dark"] as const)("in %s", (theme) => {
  test.each([1280, 360])("%d px wide, nothing stands in anybody's way", async (width) => {
    const { page } = await visit("overview", { theme, width });
    for (const [tab, seen] of [
      ["Terminal", page.getByRole("tab", { name: "Shell 1" })],
      ["Files", page.getByRole("button", { name: "Upload", exact: true })],
      ["Processes", page.getByRole("table", { name: "Processes" })],
      ["Ports", page.getByRole("table", { name: "Ports" })],
      ["Logs", page.getByRole("region", { name: "Log" }).getByText("Linux")],
      ["Activity", page.getByText("launched it from minimal")],
    ] as const) {
      await page.getByRole("tab", { name: tab, exact: true }).click();
      await seen.waitFor();
      await keepScreenshot(page, `sandbox ${tab} ${theme} ${width}`);
      expect({ tab, barriers: await findBarriers(page) }).toEqual({ tab, barriers: [] });
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
      );
      expect({ tab, sideways }).toEqual({ tab, sideways: false });
    }
  });
});
