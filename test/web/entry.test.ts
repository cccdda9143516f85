/** Coming in: the first account, signing up and in, and what is said when it does not work. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import { TestBrowser } from "../support/browser.ts";
import { DashboardScene } from "../support/dashboard-scene.ts";
import { testDashboard } from "../support/dashboard.ts";
import { githubEnvironment } from "../support/github.ts";
import { startTestServer } from "../support/server.ts";

let scene: DashboardScene;
beforeAll(async () => {
  // No request leaves the server here.
  scene = await DashboardScene.start(githubEnvironment({ url: "http://127.0.0.1:9" }));
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

test("a new instance greets whoever makes its first account", async () => {
  const server = await startTestServer({ WRENN_WEB_DIR: await testDashboard() });
  const browser = await TestBrowser.launch();
  try {
    const { page, requireClean } = await browser.visitor(server.url);
    await page.goto("/");
    await page.getByRole("heading", { name: "Welcome to Wrenn" }).waitFor();
    await page.getByRole("button", { name: "Make account" }).click();
    await page.getByText("Tell us your name").waitFor();
    expect(await page.getByText("Use at least 8 characters.").isVisible()).toBe(true);
    await page.getByLabel("Name").fill("Grace Hopper");
    await page.getByLabel("E-mail").fill("grace@example.com");
    await page.getByLabel("Password").fill("compilers are fun");
    await page.getByLabel("Password").press("Enter");
    await page.waitForURL("/dashboard/sandboxes");
    await page.getByRole("button", { name: "You: Grace Hopper" }).waitFor();
    await page.getByRole("button", { name: "Team: Grace Hopper's Team" }).waitFor();
    await page.getByRole("heading", { name: "Welcome, Grace Hopper" }).waitFor();
    requireClean();
  } finally {
    await browser.close();
    await server.stop();
  }
});

test("a wrong password is said, a right one leads to where one was going", async () => {
  const { page } = await scene.visit();
  await page.goto("/dashboard/sandboxes?status=paused");
  await page.waitForURL("/login?next=%2Fdashboard%2Fsandboxes%3Fstatus%3Dpaused");
  await page.getByLabel("E-mail").fill(scene.admin.email);
  await page.getByLabel("Password").fill("not this one");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  expect(await page.getByRole("alert").innerText()).toContain("password is wrong");
  await page.getByLabel("Password").fill(scene.admin.password);
  await page.getByLabel("Password").press("Enter");
  await page.waitForURL("/dashboard/sandboxes?status=paused");
});

test.each(["https://evil.example/x", "//evil.example", "/\\evil.example", "/v1/me", "javascript:alert(1)"])(
  "a sign-in does not lead to %s",
  async (next) => {
    const { page } = await scene.visit();
    await page.goto(`/login?${new URLSearchParams({ next })}`);
    await page.getByLabel("E-mail").fill(scene.admin.email);
    await page.getByLabel("Password").fill(scene.admin.password);
    await page.getByLabel("Password").press("Enter");
    await page.waitForURL("/dashboard/sandboxes");
  },
);

test("a taken address is said where it stands", async () => {
  const { page } = await scene.visit();
  await page.goto("/signup");
  await page.getByLabel("Name").fill("Ada again");
  await page.getByLabel("E-mail").fill(scene.admin.email);
  await page.getByLabel("Password").fill("a long password");
  await page.getByRole("button", { name: "Make account" }).click();
  expect(await page.getByRole("alert").innerText()).toContain("Sign in instead");
});

test("ways in through providers are offered, and why one did not work is said in plain words", async () => {
  const { page } = await scene.visit();
  await page.goto("/login?error=email_unverified");
  await page.getByText("Your provider does not vouch for your e-mail address.").waitFor();
  const way = page.getByRole("link", { name: "Sign in with GitHub" });
  expect(await way.getAttribute("href")).toBe("/auth/oauth/github");
  await page.goto(`/login?error=${encodeURIComponent("<img src=x onerror=alert(1)>")}`);
  await page.getByText("The sign-in did not work.").waitFor();
});

test("signing out ends it in every tab", async () => {
  const { page, context } = await scene.visitAs(scene.admin);
  const other = await context.newPage();
  await other.goto("/dashboard/sandboxes");
  await other.getByRole("heading", { name: /^Welcome, / }).waitFor();
  await page.getByRole("button", { name: /^You:/ }).click();
  await page.getByRole("menuitem", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in to Wrenn" }).waitFor();
  await other.getByRole("heading", { name: "Sign in to Wrenn" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in to Wrenn" }).waitFor();
});
