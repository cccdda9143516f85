/** Sessions that end, tokens that run out, and teams that change while somebody works. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import { DashboardScene, dialogOf, signInTo } from "../support/dashboard-scene.ts";
import { call } from "../support/server.ts";

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
  await scene.launch(scene.admin);
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

test("a token that ran out is renewed unseen, and the work goes on", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.getByRole("button", { name: "Launch sandbox" }).click();
  let refreshes = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/v1/auth/refresh")) refreshes += 1;
  });
  // The server meets a token it does not take, once.
  await page.route(
    "**/v1/sandboxes",
    (route) => route.continue({ headers: { ...route.request().headers(), authorization: "Bearer old" } }),
    { times: 1 },
  );
  await page.getByRole("button", { name: "Launch", exact: true }).click();
  await page.getByText(/^sb-\w+ is running\.$/).waitFor();
  expect(refreshes).toBe(1);
});

test("a session that ended leads to the sign-in, and that back to the same place", async () => {
  const { page } = await scene.visitAs(scene.admin, { path: "/dashboard/sandboxes?status=running" });
  const password = scene.admin.password;
  // Everything of the account is signed out from elsewhere.
  const changed = await call(scene.server.url, "/v1/me/password", {
    token: scene.admin.token,
    body: { current_password: password, new_password: password },
  });
  expect(changed.status).toBe(204);
  // The stream of events ends with the session, and the page learns so without being touched.
  await page.getByText("Sign in to go on where you were.").waitFor();
  await page.getByLabel("E-mail").fill(scene.admin.email);
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Password").press("Enter");
  await page.waitForURL("/dashboard/sandboxes?status=running");
});

test("a team is founded, and left again for the one before", async () => {
  const { page } = await scene.visitAs(scene.admin);
  await page.getByRole("button", { name: "Team: Ada Lovelace's Team" }).click();
  await page.getByRole("menuitem", { name: "Create team…" }).click();
  const dialog = dialogOf(page, "Create a team");
  await dialog.getByRole("button", { name: "Create team" }).click();
  await dialog.getByText("Give the team a name.").waitFor();
  await dialog.getByLabel("Name").fill("Engines");
  await dialog.getByLabel("Name").press("Enter");
  await page.getByText("You are in Engines now.").waitFor();
  await page.getByRole("button", { name: "Team: Engines" }).click();
  await page.getByRole("menuitemradio", { name: "Ada Lovelace's Team" }).click();
  await page.getByRole("button", { name: "Team: Ada Lovelace's Team" }).waitFor();
  // The tab keeps its team.
  await page.reload();
  await page.getByRole("button", { name: "Team: Ada Lovelace's Team" }).waitFor();
});

test("a page whose code does not come is loaded anew, once", async () => {
  const { page } = await scene.visit();
  let loads = 0;
  page.on("request", (request) => {
    if (request.isNavigationRequest()) loads += 1;
  });
  // All of it until then: what was only loaded ahead the browser asks for again by itself.
  await page.route("**/assets/*.js", (route) =>
    loads > 1 || page.url().endsWith("/login") ? route.continue() : route.abort("connectionreset"),
  );
  await signInTo(page, "/login", scene.admin);
  await page.getByRole("button", { name: "Launch sandbox" }).waitFor();
  expect(loads).toBe(2);

  await page.route("**/assets/*.js", (route) =>
    page.url().endsWith("/dashboard/keys") ? route.abort("connectionreset") : route.continue(),
  );
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("heading", { name: "This page could not be loaded" }).waitFor();
});
