/** /dashboard/audit: what happened, who did it, and that nobody changed it since. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { DashboardScene, dialogOf } from "../support/dashboard-scene.ts";
import { addMember, call, createKey, signUp, type TestPerson } from "../support/server.ts";
import { findObstacles, SIGHTS, type View } from "../support/views.ts";
import { waitFor } from "../support/wait-for.ts";

const PATH = "/dashboard/audit";
const EVIL = `nightly <img src=x onerror="document.title='owned'"> 🪶`;

let scene: DashboardScene;
beforeAll(async () => {
  scene = await DashboardScene.start();
}, 60_000);
afterEach(() => scene.leaveAll());
afterAll(() => scene.stop());

const newcomer = (): Promise<TestPerson> => signUp(scene.server.url, "Grace Hopper");

/** The sentences in sight, without what is only heard. */
const sentences = async (page: Page): Promise<string[]> => {
  await page.getByRole("table").waitFor();
  const lines = await page.locator("wr-audit-line .sentence").evaluateAll((elements) =>
    elements.map((element) => {
      const copy = element.cloneNode(true) as HTMLElement;
      // What ids show is drawn in shadows, which are not copied.
      const shown = [...element.querySelectorAll("wr-id")].map(
        (id) => id.shadowRoot?.querySelector("a")?.textContent ?? "",
      );
      for (const [index, id] of [...copy.querySelectorAll("wr-id")].entries())
        id.replaceWith(shown[index] ?? "");
      for (const id of copy.querySelectorAll("wr-copy")) id.replaceWith(id.getAttribute("text") ?? "");
      return copy.textContent;
    }),
  );
  return lines.map((line) =>
    line
      .replaceAll(/\s+/g, " ")
      .trim()
      .replace(/^(success|info|warning|error): /, ""),
  );
};

/** A team in which something happened: eight events, the newest a role. */
const busyTeam = async (): Promise<{ owner: TestPerson; member: TestPerson; sandboxId: string }> => {
  const { url } = scene.server;
  const owner = await newcomer();
  const { token, teamId } = owner;
  const member = await addMember(url, owner);
  const apiKey = await createKey(url, owner, { name: EVIL });
  const made = await call<{ id: string }>(url, "/v1/sandboxes", { apiKey, body: { template: "minimal" } });
  const sandboxId = made.body.id;
  await call(url, `/v1/sandboxes/${sandboxId}/pause`, { method: "POST", token });
  await call(url, `/v1/sandboxes/${sandboxId}`, { method: "DELETE", token });
  await call(url, `/v1/teams/${teamId}`, { method: "PATCH", token, body: { name: "Compilers" } });
  const path = `/v1/teams/${teamId}/members/${member.userId}`;
  await call(url, path, { method: "PATCH", token, body: { role: "admin" } });
  return { owner, member, sandboxId };
};

test("each event is a sentence, newest first, with who did it", async () => {
  const { owner, member, sandboxId } = await busyTeam();
  const { page } = await scene.visitAs(owner, { path: PATH });
  const id = `sb-${sandboxId.slice(-8)}`;
  await page.getByText("The member", { exact: true }).waitFor();
  expect(await sentences(page)).toEqual([
    "Grace Hopper made The member admin",
    "Grace Hopper renamed the team from Grace Hopper's Team to Compilers",
    `Grace Hopper deleted ${id}`,
    `Grace Hopper paused ${id}`,
    `API key ${EVIL} launched ${id} from minimal`,
    `Grace Hopper made the API key ${EVIL}`,
    `Grace Hopper added ${member.email} as member`,
    "Grace Hopper founded the team",
  ]);
  expect(await page.locator(".stripe.warning").count()).toBe(1);
  expect(await page.title()).toBe("Audit log · Wrenn");
  expect(await page.locator("img").count()).toBe(0);
});

test("chips filter by kind and what happened, and stand in the address", async () => {
  const { owner, sandboxId } = await busyTeam();
  const { page } = await scene.visitAs(owner, { path: PATH });
  const id = `sb-${sandboxId.slice(-8)}`;
  await page.getByRole("button", { name: "Sandboxes", exact: true }).click();
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.waitForURL(`${PATH}?type=sandbox&action=pause`);
  const paused = [`Grace Hopper paused ${id}`];
  await waitFor("the one", async () => (await sentences(page)).length === 1);
  expect(await sentences(page)).toEqual(paused);
  await page.reload();
  expect(await sentences(page)).toEqual(paused);
  await page.getByRole("button", { name: "Pause", exact: true }).click();
  await page.getByRole("button", { name: "Fork", exact: true }).click();
  await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await waitFor("all", async () => (await sentences(page)).length === 8);
});

test("one event in detail, and all of one thing", async () => {
  const { owner, sandboxId } = await busyTeam();
  const { page } = await scene.visitAs(owner, { path: PATH });
  await page.getByRole("button", { name: "Actions for event 4" }).click();
  await page.getByRole("menuitem", { name: "Details" }).click();
  const dialog = dialogOf(page, "Event 4");
  await dialog.getByText("sandbox.create").waitFor();
  await dialog.getByText(EVIL).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Actions for event 4" }).click();
  await page.getByRole("menuitem", { name: "Only about this" }).click();
  await waitFor("three", async () => (await sentences(page)).length === 3);
  await page.getByRole("button", { name: `About sb-${sandboxId.slice(-8)} only` }).click();
  await waitFor("all", async () => (await sentences(page)).length === 8);
});

test("members see what concerns everyone", async () => {
  const { url } = scene.server;
  const owner = await newcomer();
  const member = await addMember(url, owner);
  await createKey(url, owner, { name: "of the owner" });
  const { page } = await scene.visitAs(member, { path: PATH });
  await page.getByRole("button", { name: /^Team:/ }).click();
  await page.getByRole("menuitemradio", { name: "Grace Hopper's Team" }).click();
  await page.getByRole("button", { name: "Team: Grace Hopper's Team" }).waitFor();
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByText("Owner and admins see more").waitFor();
  expect(await sentences(page)).toEqual([
    "Grace Hopper made the API key of the owner",
    "Grace Hopper founded the team",
  ]);
  expect(await page.getByRole("button", { name: "Members", exact: true }).count()).toBe(0);
  // Nor does the stream tell them more.
  await addMember(url, owner);
  await createKey(url, owner, { name: "the next" });
  await page.getByText("the next", { exact: true }).waitFor();
  expect(await sentences(page)).toHaveLength(3);
});

test("new events come by themselves; while somebody reads below, they wait", async () => {
  const owner = await newcomer();
  for (let count = 0; count < 20; count += 1)
    await createKey(scene.server.url, owner, { name: `key ${count}` });
  const { page } = await scene.visitAs(owner, { path: PATH });
  await page.getByText("key 19", { exact: true }).waitFor();
  await createKey(scene.server.url, owner, { name: "seen at once" });
  await page.getByText("seen at once", { exact: true }).waitFor();
  await page.mouse.move(640, 500);
  await page.mouse.wheel(0, 500);
  await page.waitForFunction(() => scrollY > 200);
  await createKey(scene.server.url, owner, { name: "seen later" });
  const fresh = page.getByRole("button", { name: "1 new event" });
  await fresh.waitFor();
  expect(await page.getByText("seen later", { exact: true }).count()).toBe(0);
  await fresh.click();
  await page.getByText("seen later", { exact: true }).waitFor();
  await fresh.waitFor({ state: "detached" });
});

describe("the chain", () => {
  test("is found intact, and broken where somebody changed the database", async () => {
    const { owner } = await busyTeam();
    const { page } = await scene.visitAs(owner, { path: PATH });
    const badge = page.getByRole("button", { name: "Chain intact · 8 events" });
    await badge.waitFor();
    const { ownerSql } = scene.server.database;
    await ownerSql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`update audit_logs set actor_name = 'Nobody' where seq = 3 and team_id = ${owner.teamId.slice("team-".length)}`;
    });
    await badge.click();
    await page.getByRole("button", { name: "Chain broken at event 3" }).waitFor();
  });

  test("that cannot be checked says so, and is checked again", async () => {
    const owner = await newcomer();
    const { page } = await scene.visitAs(owner);
    await page.route("**/v1/audit-logs/verify", (route) => route.fulfill({ status: 503, body: "" }));
    await page.getByRole("link", { name: "Audit log" }).click();
    const badge = page.getByRole("button", { name: "Chain not checked" });
    await badge.waitFor();
    await page.unroute("**/v1/audit-logs/verify");
    await badge.click();
    await page.getByRole("button", { name: "Chain intact · 1 event" }).waitFor();
  });
});

test.each([
  ["CSV", "audit.csv"],
  ["JSON lines", "audit.jsonl"],
])("what fits is exported as %s", async (label, name) => {
  const { owner } = await busyTeam();
  const { page } = await scene.visitAs(owner, { path: `${PATH}?type=sandbox` });
  await page.getByRole("button", { name: "Export" }).click();
  const [file] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("menuitem", { name: label }).click(),
  ]);
  expect(file.suggestedFilename()).toBe(name);
  const text = await Bun.file(await file.path()).text();
  expect(text.match(/"?sandbox"?/g)?.length).toBeGreaterThanOrEqual(3);
  expect(text.trim().split("\n")).toHaveLength(name.endsWith("csv") ? 4 : 3);
});

const ROWS = 50_000;

/** Copies of the team's first event, without telling anybody. */
const insertRows = async (person: TestPerson, count: number): Promise<void> => {
  const { ownerSql } = scene.server.database;
  const columns = await ownerSql<{ name: string }[]>`
    select column_name as name from information_schema.columns
    where table_name = 'audit_logs' and column_name not in ('id', 'seq')`;
  const rest = columns.map(({ name }) => `"${name}"`).join(", ");
  await ownerSql.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx.unsafe(
      `insert into audit_logs (id, seq, ${rest})
       select gen_random_uuid(), n, ${rest} from audit_logs, generate_series(2, ${count}) n
       where team_id = $1 and seq = 1`,
      [person.teamId.slice("team-".length)],
    );
  });
};

test(`of ${ROWS.toLocaleString("en")} events those in sight are drawn, and older ones read when they are reached`, async () => {
  const owner = await newcomer();
  await insertRows(owner, ROWS);
  const { page } = await scene.visitAs(owner, { path: PATH });
  const lastIndex = async (): Promise<number> =>
    Number(await page.getByRole("row").last().getAttribute("aria-rowindex"));
  await page.getByRole("table").waitFor();
  expect(await page.getByRole("row").count()).toBeLessThan(80);
  const asked: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/v1/audit-logs?")) asked.push(request.url());
  });
  for (const wanted of [200, 400, 1_000]) {
    await waitFor(`row ${wanted}`, async () => {
      await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
      return (await lastIndex()) > wanted;
    });
    expect(await page.getByRole("row").count()).toBeLessThan(80);
  }
  // None is asked for twice.
  expect(new Set(asked).size).toBe(asked.length);
  await page.evaluate(() => scrollTo(0, 0));
  await page.getByRole("button", { name: `Actions for event ${ROWS}` }).waitFor();
}, 60_000);

test("an older page that does not come is asked for again", async () => {
  const owner = await newcomer();
  await insertRows(owner, 400);
  const { page } = await scene.visitAs(owner);
  await page.route("**/v1/audit-logs?*cursor=*", (route) => route.fulfill({ status: 503, body: "" }));
  await page.getByRole("link", { name: "Audit log" }).click();
  await page.getByRole("table").waitFor();
  await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  await page.getByRole("alert").filter({ hasText: "503" }).waitFor();
  await page.unroute("**/v1/audit-logs?*cursor=*");
  await page.getByRole("button", { name: "Try again" }).click();
  const oldest = page.getByRole("button", { name: "Actions for event 1", exact: true });
  await waitFor("the oldest event", async () => {
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
    return (await oldest.count()) === 1;
  });
});

const VIEWS: readonly View[] = [
  ["audit", (page) => page.getByText(/^Chain intact/).waitFor()],
  [
    "audit filtered",
    async (page) => {
      await page.getByRole("button", { name: "Sandboxes", exact: true }).click();
      await page.getByRole("button", { name: "Pause", exact: true }).waitFor();
      await page.getByRole("table").waitFor();
    },
  ],
  [
    "audit details",
    async (page) => {
      await page
        .getByRole("button", { name: /^Actions for/ })
        .last()
        .click();
      await page.getByRole("menuitem", { name: "Details" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
  [
    "audit nothing",
    async (page) => {
      await page.keyboard.press("Escape");
      await page.getByRole("button", { name: "Fork", exact: true }).click();
      await page.getByRole("heading", { name: "Nothing fits" }).waitFor();
    },
  ],
];

test.each(SIGHTS)("nothing stands in anybody's way: $name", async ({ name, theme, width }) => {
  const { owner } = await busyTeam();
  const { page } = await scene.visitAs(owner, { path: PATH, theme, width });
  expect(await findObstacles(page, VIEWS, name)).toEqual({});
});
