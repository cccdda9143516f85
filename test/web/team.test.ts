/** /dashboard/team: its name, its people and their roles, and how one leaves it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { insertTeamSamples } from "../support/sample-rows.ts";
import { addMember, call, signUp, type TestPerson } from "../support/server.ts";
import { refuseUntilAsked } from "../support/try-again.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";

const PATH = "/dashboard/team";

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

const newcomer = (name = "Grace Hopper"): Promise<TestPerson> => signUp(scene.server.url, name);

/** The person's page of the team with this name. */
const visitTeam = async (person: TestPerson, team: string): Promise<Page> => {
  const { page } = await scene.visitAs(person, { path: PATH });
  await page.getByRole("button", { name: /^Team:/ }).click();
  await page.getByRole("menuitemradio", { name: team }).click();
  await page.getByRole("button", { name: `Team: ${team}` }).waitFor();
  await page.getByRole("link", { name: "Team", exact: true }).click();
  await page.getByRole("table", { name: "Members" }).waitFor();
  return page;
};

const foundTeam = async (person: TestPerson, name: string): Promise<string> => {
  const { body } = await call(scene.server.url, "/v1/teams", { token: person.token, body: { name } });
  return String(body["id"]);
};

const rowOf = (page: Page, text: string) => page.getByRole("row").filter({ hasText: text });
const choose = async (page: Page, person: TestPerson, item: string): Promise<void> => {
  await rowOf(page, person.email)
    .getByRole("button", { name: /^Actions for/ })
    .click();
  await page.getByRole("menuitem", { name: item }).click();
};
const roleOf = async (owner: TestPerson, person: TestPerson): Promise<unknown> => {
  const { body } = await call<{ items: { user_id: string; role: string }[] }>(
    scene.server.url,
    `/v1/teams/${owner.teamId}/members`,
    { token: owner.token },
  );
  return body.items.find(({ user_id: id }) => id === person.userId)?.role;
};

test("name and e-mail stand in columns of their own, with role and you", async () => {
  const owner = await newcomer();
  const member = await addMember(scene.server.url, owner);
  const { page } = await scene.visitAs(owner, { path: PATH });
  await rowOf(page, member.email).waitFor();
  const headers = await page.getByRole("columnheader").allInnerTexts();
  expect(headers).toEqual(["Name", "Email", "Role", "Joined", "Actions"]);
  const cells = (person: TestPerson) => rowOf(page, person.email).getByRole("cell").allInnerTexts();
  expect((await cells(owner)).slice(0, 3).map((text) => text.replaceAll(/\s+/g, " "))).toEqual([
    "Grace Hopper you",
    owner.email,
    "Owner",
  ]);
  expect((await cells(member)).slice(0, 3)).toEqual(["The member", member.email, "Member"]);
});

describe("the name", () => {
  test("is changed where it stands; Escape forgets, what is wrong is said there", async () => {
    const owner = await newcomer();
    const { page } = await scene.visitAs(owner, { path: PATH });
    const pencil = page.getByRole("button", { name: "Change: Team name" });
    await pencil.click();
    const field = page.getByRole("textbox", { name: "Team name" });
    await field.fill("Nobody's");
    await field.press("Escape");
    await page.getByRole("heading", { name: "Grace Hopper's Team" }).waitFor();
    await page.keyboard.press("Enter");
    await field.fill("<b>");
    await field.press("Enter");
    await page.getByRole("alert").waitFor();
    await field.fill("Compilers and co");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("heading", { name: "Compilers and co" }).waitFor();
    await page.getByRole("button", { name: "Team: Compilers and co" }).waitFor();
  });

  test("is seen by the others at once", async () => {
    const owner = await newcomer();
    const member = await addMember(scene.server.url, owner);
    const page = await visitTeam(member, "Grace Hopper's Team");
    expect(await page.getByRole("button", { name: "Change: Team name" }).getAttribute("aria-disabled")).toBe(
      "true",
    );
    await call(scene.server.url, `/v1/teams/${owner.teamId}`, {
      method: "PATCH",
      token: owner.token,
      body: { name: "Renamed" },
    });
    await page.getByRole("heading", { name: "Renamed" }).waitFor();
    await page.getByRole("button", { name: "Team: Renamed" }).waitFor();
  });
});

describe("adding somebody", () => {
  test("completes the address once it has its @, and not before", async () => {
    const owner = await newcomer();
    const other = await newcomer("Margaret <img src=x onerror=alert(1)> Hamilton");
    const { page } = await scene.visitAs(owner, { path: PATH });
    const asked: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/v1/users/search")) asked.push(request.url());
    });
    await page.getByRole("button", { name: "Add member" }).click();
    const dialog = dialogOf(page, "Add a member");
    const field = dialog.getByRole("combobox", { name: "E-mail" });
    const [local = ""] = other.email.split("@");
    await field.pressSequentially(local.slice(0, 5));
    await dialog.getByText("Type the address up to its @.").waitFor();
    // As fast as nobody types: it is asked for once, when it is quiet.
    await field.evaluate(
      (input: HTMLInputElement, texts) => {
        for (const text of texts) {
          input.value = text;
          input.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }));
        }
      },
      [local, `${local}@`, `${local}@e`, `${local}@exa`],
    );
    await dialog.getByRole("option", { name: other.email }).waitFor();
    expect(asked.map((url) => new URL(url).searchParams.get("email"))).toEqual([`${local}@exa`]);
    await field.press("Enter");
    expect(await field.inputValue()).toBe(other.email);
    await dialog.getByLabel("Role").selectOption("admin");
    await dialog.getByRole("button", { name: "Add member" }).click();
    await page.getByText(/Hamilton is in the team now\.$/).waitFor();
    expect(await roleOf(owner, other)).toBe("admin");
    expect(await page.locator("img").count()).toBe(0);
  });

  test("an address without an account is said, and keeps standing there", async () => {
    const owner = await newcomer();
    const { page } = await scene.visitAs(owner, { path: PATH });
    await page.getByRole("button", { name: "Add member" }).click();
    const dialog = dialogOf(page, "Add a member");
    const field = dialog.getByRole("combobox", { name: "E-mail" });
    await field.fill("nobody");
    await dialog.getByRole("button", { name: "Add member" }).click();
    await dialog.getByText("Type the whole address").waitFor();
    await field.fill("nobody@example.net");
    await dialog.getByText("No account's address begins like that.").waitFor();
    await dialog.getByRole("button", { name: "Add member" }).click();
    await dialog.getByText("its person must sign up first").waitFor();
    expect(await field.inputValue()).toBe("nobody@example.net");
    await field.fill(owner.email);
    await dialog.getByRole("button", { name: "Add member" }).click();
    await dialog.getByText("is a member of the team already").waitFor();
  });
});

describe("roles", () => {
  test("are changed by owner and admins, seen by the person at once", async () => {
    const owner = await newcomer();
    const member = await addMember(scene.server.url, owner);
    const theirs = await visitTeam(member, "Grace Hopper's Team");
    const add = theirs.getByRole("button", { name: "Add member" });
    expect(await add.getAttribute("aria-disabled")).toBe("true");
    await add.focus();
    await theirs.getByRole("tooltip").filter({ hasText: "Only an owner or admin may" }).first().waitFor();
    const { page } = await scene.visitAs(owner, { path: PATH });
    await choose(page, member, "Make admin");
    await rowOf(page, member.email).getByText("Admin", { exact: true }).waitFor();
    expect(await roleOf(owner, member)).toBe("admin");
    await rowOf(theirs, member.email).getByText("Admin", { exact: true }).waitFor();
    await theirs
      .getByRole("button", { name: "Add member" })
      .and(theirs.locator(":not([aria-disabled])"))
      .waitFor();
    await choose(page, member, "Make member");
    await rowOf(theirs, member.email).getByText("Member", { exact: true }).waitFor();
  });

  test("members see why they may not", async () => {
    const owner = await newcomer();
    const member = await addMember(scene.server.url, owner);
    const page = await visitTeam(member, "Grace Hopper's Team");
    await rowOf(page, owner.email)
      .getByRole("button", { name: /^Actions for/ })
      .click();
    for (const item of ["Make admin", "Transfer ownership…", "Remove…"]) {
      expect(await page.getByRole("menuitem", { name: item }).getAttribute("aria-disabled")).toBe("true");
    }
    expect(await page.getByRole("menu").innerText()).toContain("Only the team's owner may.");
  });

  test("ownership is handed over, after a question; the owner stays as an admin", async () => {
    const owner = await newcomer();
    const member = await addMember(scene.server.url, owner);
    const { page } = await scene.visitAs(owner, { path: PATH });
    await choose(page, member, "Transfer ownership…");
    const dialog = dialogOf(page, "Make The member the owner?");
    await dialog.getByText("You stay as an admin").waitFor();
    await dialog.getByRole("button", { name: "Transfer ownership" }).click();
    await rowOf(page, member.email).getByText("Owner", { exact: true }).waitFor();
    await rowOf(page, owner.email).getByText("Admin", { exact: true }).waitFor();
    const remove = page.getByRole("button", { name: "Delete team…" });
    expect(await remove.getAttribute("aria-disabled")).toBe("true");
    expect(await roleOf(owner, member)).toBe("owner");
  });
});

test("a member is removed, after a question that says what ends", async () => {
  const owner = await newcomer();
  const member = await addMember(scene.server.url, owner);
  const theirs = await visitTeam(member, "Grace Hopper's Team");
  const { page } = await scene.visitAs(owner, { path: PATH });
  await choose(page, member, "Remove…");
  const dialog = dialogOf(page, "Remove The member?");
  await dialog.getByText("API keys that they made here").waitFor();
  await dialog.getByRole("button", { name: "Remove member" }).click();
  await rowOf(page, member.email).waitFor({ state: "detached" });
  expect(await roleOf(owner, member)).toBe(undefined);
  // They go on in their own team, signed in.
  await theirs.getByRole("button", { name: "Team: The member's Team" }).waitFor();
});

describe("leaving and deleting", () => {
  test("are not possible for the only team, and say why", async () => {
    const owner = await newcomer();
    const { page } = await scene.visitAs(owner, { path: PATH });
    const remove = page.getByRole("button", { name: "Delete team…" });
    expect(await remove.getAttribute("aria-disabled")).toBe("true");
    expect(await page.getByRole("button", { name: "Leave team…" }).getAttribute("aria-disabled")).toBe(
      "true",
    );
    await page.getByRole("paragraph").filter({ hasText: "It is your only team" }).waitFor();
    // Pressed as a person would who does not see that it is off.
    await remove.click({ force: true });
    expect(await page.getByRole("dialog").count()).toBe(0);
    // Another one, made elsewhere, makes it possible.
    await foundTeam(owner, "Second");
    await page
      .getByRole("button", { name: "Delete team…" })
      .and(page.locator(":not([aria-disabled])"))
      .waitFor();
  });

  test("a deleted team makes way for the next one, without signing out", async () => {
    const owner = await newcomer();
    await foundTeam(owner, "Second");
    await scene.launch(owner);
    const { page } = await scene.visitAs(owner, { path: PATH });
    await page.getByRole("button", { name: "Delete team…" }).click();
    const dialog = dialogOf(page, "Delete Grace Hopper's Team?");
    await dialog.getByText("1 sandbox with its disk").waitFor();
    const agree = dialog.getByRole("button", { name: "Delete team" });
    expect(await agree.isDisabled()).toBe(true);
    await dialog.getByLabel("Type Grace Hopper's Team to go on").fill("Grace Hopper's Team");
    await agree.click();
    await page.getByText("Grace Hopper's Team is deleted. You are in Second now.").waitFor();
    await page.getByRole("button", { name: "Team: Second" }).waitFor();
    // Where no sandbox of it ever was.
    await page.getByRole("heading", { name: "Welcome, Grace Hopper" }).waitFor();
    await page.getByRole("button", { name: "Team: Second" }).click();
    expect(await page.getByRole("menuitemradio").count()).toBe(1);
  });

  test("a team is left for the next one", async () => {
    const owner = await newcomer();
    const member = await addMember(scene.server.url, owner);
    const page = await visitTeam(member, "Grace Hopper's Team");
    await page.getByRole("button", { name: "Leave team…" }).click();
    await dialogOf(page, "Leave Grace Hopper's Team?").getByRole("button", { name: "Leave team" }).click();
    await page.getByText("You have left Grace Hopper's Team. You are in The member's Team now.").waitFor();
    expect(await roleOf(owner, member)).toBe(undefined);
  });

  test("when the next one has gone meanwhile, a hint leads to a new one", async () => {
    const owner = await newcomer();
    const second = await foundTeam(owner, "Second");
    const { page } = await scene.visitAs(owner, { path: PATH });
    await page.getByRole("button", { name: "Delete team…" }).click();
    const dialog = dialogOf(page, "Delete Grace Hopper's Team?");
    await dialog.getByLabel("Type Grace Hopper's Team to go on").fill("Grace Hopper's Team");
    const gone = await call(scene.server.url, `/v1/teams/${second}`, {
      method: "DELETE",
      token: owner.token,
    });
    expect(gone.status).toBe(204);
    await dialog.getByRole("button", { name: "Delete team" }).click();
    const toast = page.getByText("You are in no team now: create one to go on.");
    await toast.waitFor();
    await page.getByRole("link", { name: "Team", exact: true }).click();
    await page.getByRole("heading", { name: "You are in no team" }).waitFor();
    await page.getByText("at the top of the sidebar").waitFor();
    await page.getByRole("button", { name: "Create team", exact: true }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("Fresh start");
    await page.getByRole("textbox", { name: "Name", exact: true }).press("Enter");
    await page.getByRole("button", { name: "Team: Fresh start" }).waitFor();
  });
});

test("what its sandboxes used together is drawn, for members too", async () => {
  const owner = await newcomer();
  const member = await addMember(scene.server.url, owner);
  const { sql } = scene.server.database;
  await insertTeamSamples(sql, owner.teamId, { stepSec: 15, count: 200 });
  await insertTeamSamples(sql, owner.teamId, { stepSec: 900, count: 600 });
  const page = await visitTeam(member, "Grace Hopper's Team");
  const chart = (label: string) => page.getByRole("slider", { name: `${label} over time` });
  for (const [label, value] of [
    ["Sandboxes running", /^\d, /],
    ["Processors", /^[\d.]+ CPUs, /],
    ["Memory", /^[\d.]+ [MG]B, /],
    ["Disk", /^2\.3 GB, /],
  ] as const) {
    await chart(label).waitFor();
    expect(await chart(label).getAttribute("aria-valuetext")).toMatch(value);
  }
  await page.getByLabel("Time", { exact: true }).selectOption("Last 30 days");
  await page.getByText("30 d ago").first().waitFor();
  await chart("Disk").waitFor();
});

test("the people are there before the teams are, and the other way round", async () => {
  const owner = await newcomer();
  const { page } = await scene.visitAs(owner);
  const held = Promise.withResolvers<void>();
  await page.route("**/v1/teams?*", async (route) => {
    await held.promise;
    await route.continue();
  });
  await page.goto(PATH);
  await rowOf(page, owner.email).waitFor();
  expect(await page.getByRole("status", { name: "Loading the team…" }).count()).toBe(1);
  held.resolve();
  await page.getByRole("heading", { name: "Grace Hopper's Team" }).waitFor();
  const tryAgain = await refuseUntilAsked(page, "**/members?*");
  await page.reload();
  await page.getByRole("heading", { name: "Grace Hopper's Team" }).waitFor();
  await page.getByRole("heading", { name: "This list could not be read" }).waitFor();
  await tryAgain();
  await rowOf(page, owner.email).waitFor();
});

const VIEWS: readonly View[] = [
  [
    "team",
    async (page) => {
      await page.getByRole("table").waitFor();
      await page.getByRole("slider", { name: "Disk over time" }).waitFor();
    },
  ],
  [
    "team rename",
    async (page) => {
      await page.getByRole("button", { name: "Change: Team name" }).click();
      await page.getByRole("textbox", { name: "Team name" }).fill("<>");
      await page.keyboard.press("Enter");
      await page.getByRole("alert").waitFor();
    },
  ],
  [
    "team add",
    async (page) => {
      await page.getByRole("textbox", { name: "Team name" }).press("Escape");
      await page.getByRole("button", { name: "Add member" }).click();
      await page.getByRole("combobox", { name: "E-mail" }).fill("nobody@example.net");
      await page.getByText("No account's address begins like that.").waitFor();
    },
  ],
  [
    "team menu",
    async (page) => {
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page
        .getByRole("button", { name: /^Actions for/ })
        .first()
        .click();
      await page.getByRole("menu").waitFor();
    },
  ],
  [
    "team delete",
    async (page) => {
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Delete team…" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
];

test.each(SIGHTS)("nothing stands in anybody's way: $name", async ({ name, theme, width }) => {
  const owner = await newcomer();
  await foundTeam(owner, "Second");
  await addMember(scene.server.url, owner);
  await addMember(scene.server.url, owner, "admin");
  await insertTeamSamples(scene.server.database.sql, owner.teamId, { stepSec: 15, count: 200 });
  const { page } = await scene.visitAs(owner, { path: PATH, theme, width });
  expect(await findObstacles(page, VIEWS, name)).toEqual({});
});
