/**
 * A team with 5,000 sandboxes and 50,000 audit events. What the pages take is printed and judged by nobody: times
 * are the machine's. `bun run soak scale` lets more events come.
 */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";

import type { Page } from "playwright-core";

import { parseSandboxId } from "../../proto/ids.ts";
import { insertAuditRows } from "../support/audit-rows.ts";
import { DashboardScene } from "../support/dashboard-scene.ts";
import { firstRowMs, heapMb, longTasksMs, notePace, scrollFramesMs } from "../support/page-pace.ts";
import { insertHeldSandboxes } from "../support/sandbox-rows.ts";
import { signUp, type TestPerson } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";

const isSoak = process.env["WRENN_TEST_SOAK"] === "1";
const EVENTS = isSoak ? 100_000 : 10_000;
/** As many as a busy platform changes at once; the stream's outbox holds them. */
const AT_ONCE = 500;
const LOADS = isSoak ? 10 : 3;
/** A frame's part of a quick scroll: two rows, a hundred a second. */
const QUICK_PX = 100;
/** What a heap that is not growing may still vary by. */
const MEMORY_SLACK_MB = 8;

let scene: DashboardScene;
let host: StandInHost;
let person: TestPerson;
let ids: string[];
beforeAll(async () => {
  scene = await DashboardScene.start();
  host = await StandInHost.join(scene.server.url, scene.admin.token);
  person = await signUp(scene.server.url, "Grace Hopper");
  const { sql } = scene.server.database;
  const { teamId } = person;
  ids = await insertHeldSandboxes(sql, host, { count: 5_000, teamId });
  await insertAuditRows(sql, { teamId, count: 50_000 });
}, 120_000);
afterEach(() => scene.leaveAll());
afterAll(async () => {
  await host.stop();
  await scene.stop();
});

const round = (values: readonly number[]): string => values.map((value) => Math.round(value)).join(", ");

const percentile = (values: readonly number[], part: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * part) - 1] ?? 0;

const visit = async (path: string): Promise<Page> => {
  const { page } = await scene.visitAs(person);
  await page.getByText("5,000 sandboxes of your team").waitFor();
  await notePace(page);
  await page.goto(path);
  return page;
};

/** Prints how soon there are rows, page load for page load. */
const measureLoads = async (page: Page, what: string): Promise<void> => {
  const loads = [await firstRowMs(page)];
  while (loads.length < LOADS) {
    await page.reload();
    loads.push(await firstRowMs(page));
  }
  console.log(`${what}: first rows after ${round(loads)} ms`);
};

const measureScrolling = async (page: Page, what: string): Promise<void> => {
  const before = (await longTasksMs(page)).length;
  const frames = await scrollFramesMs(page, { stepPx: QUICK_PX, frames: 500 });
  const tasks = (await longTasksMs(page)).slice(before);
  const figures = [percentile(frames, 0.5), percentile(frames, 0.95), Math.max(...frames)];
  console.log(
    `${what}: frames while scrolling p50, p95, longest ${round(figures)} ms, long tasks ${round(tasks) || "none"}`,
  );
};

test("5,000 sandboxes: the first rows come with the first page, and scrolling draws those in sight", async () => {
  const page = await visit("/dashboard/sandboxes");
  await measureLoads(page, "5,000 sandboxes");
  await page.getByText("5,000 sandboxes of your team").waitFor();
  console.log(`5,000 sandboxes: long tasks while reading ${round(await longTasksMs(page)) || "none"}`);
  await measureScrolling(page, "5,000 sandboxes");
  const row = page.getByRole("row").nth(20);
  // 500 frames further down, where that many pixels lead to.
  expect(Number(await row.getAttribute("aria-rowindex"))).toBeWithin(880, 960);
  expect(await page.getByRole("row").count()).toBeLessThan(80);
});

test("50,000 audit events: the newest come at once, older ones as somebody scrolls", async () => {
  const page = await visit("/dashboard/audit");
  await measureLoads(page, "50,000 events");
  await measureScrolling(page, "50,000 events");
  expect(await page.getByRole("row").count()).toBeLessThan(80);
  await page.getByText(/^Chain intact · 50,0\d\d events$/).waitFor();
});

test("memory is the same after many live events, and the last one is shown", async () => {
  const page = await visit("/dashboard/sandboxes");
  await page.getByText("5,000 sandboxes of your team").waitFor();
  const { sql } = scene.server.database;
  const heaps: number[] = [];
  const startedAt = performance.now();
  for (let done = 0, turn = 0; done < EVENTS; done += AT_ONCE, turn += 1) {
    // The one on top is always among them.
    const some = [...ids.slice(done % ids.length).slice(0, AT_ONCE - 1), ids.at(-1) ?? ""];
    await sql`
      update sandboxes set metadata = ${sql.json({ turn: `${turn}.` })}
      where id = any(${some.map((id) => parseSandboxId(id) ?? "")})`;
    await page.getByText(`turn=${turn}.`, { exact: true }).first().waitFor();
    if (done % (EVENTS / 10) === 0) heaps.push(await heapMb(page));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(
    `${EVENTS} events in ${seconds.toFixed(0)} s: heap ${round(heaps)} MB, long tasks ${round(await longTasksMs(page))}`,
  );
  expect(Math.max(...heaps.slice(5))).toBeLessThan(Math.max(...heaps.slice(1, 5)) + MEMORY_SLACK_MB);
});
