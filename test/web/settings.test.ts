/** /dashboard/settings: one's name, password, sessions, logins at providers, and the theme. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { freePort } from "../support/free-port.ts";
import { githubEnvironment, githubPerson, startGithub, type TestGithub } from "../support/github.ts";
import { call, signUp, type TestPerson } from "../support/server.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";

const PATH = "/dashboard/settings";
const SECOND = "Analytical Engines";
const EVIL_AGENT = "curl/8.5.0 <img src=x onerror=alert(1)>";

let github: TestGithub;
let scene: DashboardScene;
beforeAll(async () => {
  github = startGithub();
  const port = await freePort();
  scene = await DashboardScene.start({
    ...githubEnvironment(github),
    WRENN_LISTEN: `127.0.0.1:${port}`,
    WRENN_PUBLIC_URL: `http://127.0.0.1:${port}`,
  });
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(async () => {
  await scene.stop();
  await github.stop();
});

const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Grace Hopper");

const logIn = ({ email, password }: TestPerson, agent = EVIL_AGENT) =>
  call<{ token: string }>(scene.server.url, "/v1/auth/login", {
    body: { email, password },
    headers: { "user-agent": agent },
  });

test("a new name is seen at once, and is text", async () => {
  const { page } = await scene.visitAs(await newcomer(), { path: PATH });
  const name = page.getByLabel("Name");
  await name.fill(" ");
  await name.press("Enter");
  await page.getByText("Tell us your name").waitFor();
  await name.fill("<b>Grace</b> 🪶");
  await page.getByRole("button", { name: "Save name" }).click();
  await page.getByRole("button", { name: "You: <b>Grace</b> 🪶" }).waitFor();
  await page.reload();
  expect(await name.inputValue()).toBe("<b>Grace</b> 🪶");
});

test("a new password needs the old one, and ends the other sessions", async () => {
  const person = await newcomer();
  const other = await logIn(person);
  const { page } = await scene.visitAs(person, { path: PATH });
  const [current, wanted] = [page.getByLabel("Current password"), page.getByLabel("New password")];
  await current.fill("not this one");
  await wanted.fill("short");
  await wanted.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Use at least 8 characters." }).waitFor();
  await wanted.fill("a few new words");
  await wanted.press("Enter");
  await page.getByText("This is not your password.").waitFor();
  await current.fill(person.password);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("Your password is changed.").waitFor();
  expect(await current.inputValue()).toBe("");
  await page.getByText("curl/8.5.0", { exact: false }).waitFor({ state: "detached" });
  expect((await call(scene.server.url, "/v1/me", { token: other.body.token })).status).toBe(401);
  expect((await logIn(person)).status).toBe(401);
  expect((await logIn({ ...person, password: "a few new words" })).status).toBe(200);
});

describe("sessions", () => {
  test("are listed with this one marked; one is ended after a question", async () => {
    const person = await newcomer();
    const other = await logIn(person);
    const { page } = await scene.visitAs(person, { path: PATH });
    await page.getByText("Chrome on Linux").waitFor();
    expect(await page.getByText("this one").count()).toBe(1);
    await page.getByRole("button", { name: `Actions for ${EVIL_AGENT}` }).click();
    await page.getByRole("menuitem", { name: "Sign out there…" }).click();
    await dialogOf(page, "Sign out there?").getByRole("button", { name: "Sign out" }).click();
    await page.getByText("Signed out there.").waitFor();
    await page.getByRole("button", { name: `Actions for ${EVIL_AGENT}` }).waitFor({ state: "detached" });
    expect((await call(scene.server.url, "/v1/me", { token: other.body.token })).status).toBe(401);
    expect(await page.locator("img").count()).toBe(0);
  });

  test("all others are ended together", async () => {
    const person = await newcomer();
    await logIn(person, "one");
    await logIn(person, "two");
    const { page } = await scene.visitAs(person, { path: PATH });
    await page.getByRole("button", { name: "Sign out everywhere else…" }).click();
    const dialog = dialogOf(page, "Sign out everywhere else?");
    expect(await dialog.getByRole("listitem").allInnerTexts()).toEqual(
      expect.arrayContaining(["one", "two"]),
    );
    await dialog.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign out everywhere else…" }).waitFor({ state: "detached" });
    await page.reload();
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    expect((await call(scene.server.url, "/v1/me", { token: person.token })).status).toBe(401);
  });

  test("this one is signed out of", async () => {
    const { page } = await scene.visitAs(await newcomer(), { path: PATH });
    await page.getByRole("button", { name: "Actions for Chrome on Linux" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Wrenn" }).waitFor();
  });
});

describe("a login at a provider", () => {
  test("is connected and comes back here, then disconnected", async () => {
    const person = githubPerson(7, "grace");
    github.people.set(person.login, person);
    const { page, context } = await scene.visitAs(await newcomer(), { path: PATH });
    await context.addCookies([{ name: "github_user", value: person.login, url: github.url }]);
    await page.getByRole("button", { name: "Connect GitHub" }).click();
    await page.getByText(`${person.login}@example.com, since`).waitFor();
    expect(new URL(page.url()).pathname).toBe(PATH);
    await page.getByRole("button", { name: "Disconnect…" }).click();
    await dialogOf(page, "Disconnect GitHub?").getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("Not connected").waitFor();
  });

  test("that did not come about says why, here", async () => {
    const { page } = await scene.visitAs(await newcomer(), { path: PATH });
    // Nobody is signed in at GitHub: it refuses.
    await page.getByRole("button", { name: "Connect GitHub" }).click();
    await page.waitForURL(`${PATH}?error=*`);
    await page.getByRole("alert").waitFor();
    await page.getByText("Not connected").waitFor();
  });
});

test("the team that sign-ins start in is chosen, where there are several", async () => {
  const person = await newcomer();
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("heading", { name: "You", exact: true }).waitFor();
  const select = page.getByLabel("Team", { exact: true });
  expect(await select.count()).toBe(0);
  const made = await call<{ id: string }>(scene.server.url, "/v1/teams", {
    token: person.token,
    body: { name: SECOND },
  });
  // It is there as soon as the second team is.
  await select.selectOption(SECOND);
  await page.getByText(`Your sign-ins start in ${SECOND}.`).waitFor();
  expect((await logIn(person)).body).toMatchObject({ team_id: made.body.id });
  await page.reload();
  await page.getByRole("button", { name: "Team: Grace Hopper's Team" }).waitFor();
  await select.waitFor();
  expect(await select.inputValue()).toBe(made.body.id);
  await page.route("**/v1/me/default-team", (route) =>
    route.fulfill({ status: 503, json: { error: { code: "database_away", message: "It is away." } } }),
  );
  await select.selectOption("Grace Hopper's Team");
  await page.getByText("It is away.").waitFor();
  expect(await select.inputValue()).toBe(made.body.id);
});

test("the theme is chosen and remembered", async () => {
  const { page } = await scene.visitAs(await newcomer(), { path: PATH });
  await page.getByLabel("Theme").selectOption("Dark");
  await page.reload();
  expect(await page.getByLabel("Theme").inputValue()).toBe("dark");
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe("dark");
});

const VIEWS: readonly View[] = [
  ["settings", (page) => page.getByRole("table").waitFor()],
  [
    "settings sign out",
    async (page) => {
      await page.getByRole("button", { name: "Sign out everywhere else…" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
];

test.each(SIGHTS)("nothing stands in anybody's way: $name", async ({ name, theme, width }) => {
  const person = await newcomer();
  await logIn(person);
  const { page } = await scene.visitAs(person, { path: PATH, theme, width });
  expect(await findObstacles(page, VIEWS, name)).toEqual({});
});
