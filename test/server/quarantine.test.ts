/** Sandboxes on a host that the database does not know: kept for a time that no restart forgets, then ended. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseHostId, parseSandboxId } from "../../proto/ids.ts";
import { createTestDatabase } from "../support/database.ts";
import type { TestDatabase } from "../support/database.ts";
import { newSandboxId } from "../support/sandbox-rows.ts";
import { ServerProcess } from "../support/server-process.ts";
import { type AnyBody, call, signUp } from "../support/server.ts";
import type { TestPerson } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

const DAY_MS = 24 * 3_600_000;

interface Stranger {
  sandbox_id: string;
  host_id: string;
  first_seen_at: string;
  ends_at: string;
}

let database: TestDatabase;
let server: ServerProcess;
let admin: TestPerson;
let host: StandInHost;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await ServerProcess.start(database.url, { WRENN_MONITOR_MS: "50" });
  admin = await signUp(server.url);
  host = await StandInHost.join(server.url, admin.token);
});
afterAll(async () => {
  await host.stop();
  await server.crash();
  await database.drop();
});

const list = async (query = "") =>
  (
    await call<AnyBody & { items: Stranger[]; next_cursor: string | null }>(
      server.url,
      `/v1/admin/quarantine${query}`,
      { token: admin.token },
    )
  ).body;
const rounds = async (): Promise<void> => {
  const count = () => host.calls.filter((name) => name === "listSandboxes").length;
  const before = count();
  await waitFor("two more rounds", () => count() >= before + 3);
};
const age = (id: string, ms: number) =>
  database.sql`
    update quarantine set first_seen_at = first_seen_at - ${`${ms} milliseconds`}::interval
    where sandbox = ${parseSandboxId(id)}`;

test("it is shown with its time, which no restart and no busy moment begins anew", async () => {
  const id = newSandboxId();
  host.set(id, {});
  await waitFor("it is noted", async () => (await list()).items.length === 1);
  const [first] = (await list()).items;
  expect(first).toMatchObject({ sandbox_id: id, host_id: host.id });
  expect(Date.parse(first?.ends_at ?? "") - Date.parse(first?.first_seen_at ?? "")).toBe(DAY_MS);
  const seen = await call(server.url, `/v1/hosts/${host.id}`, { token: admin.token });
  expect(seen.body["quarantined"]).toEqual([id]);

  await server.crash();
  await server.launch(database.url);
  host.set(id, { status: HostSays.BUSY });
  await rounds();
  host.set(id, { status: HostSays.PAUSED });
  await rounds();
  expect((await list()).items).toEqual(first === undefined ? [] : [first]);
});

test("after a day it ends on the host, once, and the platform's trail says so; not before", async () => {
  const [id = ""] = host.sandboxes.keys();
  const young = newSandboxId();
  host.set(young, {});
  await age(id, DAY_MS - 60_000);
  await rounds();
  expect(host.sandboxes.has(id)).toBe(true);
  // What cannot be ended now keeps its time.
  host.answers.destroySandbox = () => {
    throw new Error("not now");
  };
  await age(id, 60_000);
  const before = host.calls.length;
  await waitFor("it was tried", () => host.calls.slice(before).includes("destroySandbox"));
  delete host.answers.destroySandbox;
  await waitFor("it is gone", () => !host.sandboxes.has(id));
  await waitFor("it is listed no more", async () => (await list()).items.length === 1);
  expect((await list()).items[0]?.sandbox_id).toBe(young);
  const rows = await database.sql`
    select action, actor_type, metadata, team_id from audit_logs where resource_id = ${id}`;
  expect([...rows].map((row) => ({ ...row }))).toEqual([
    {
      action: "destroy",
      actor_type: "system",
      metadata: { reason: "quarantine_over" },
      team_id: "00000000-0000-0000-0000-000000000000",
    },
  ]);
});

test("one that the host has no more is forgotten, all of a deleted host too; pages", async () => {
  host.sandboxes.clear();
  await waitFor("nothing is listed", async () => (await list()).items.length === 0);
  const ids = [newSandboxId(), newSandboxId(), newSandboxId()];
  for (const id of ids) host.set(id, {});
  await waitFor("all are listed", async () => (await list()).items.length === 3);
  const first = await list("?limit=2");
  const second = await list(`?limit=2&cursor=${first.next_cursor}`);
  expect([...first.items, ...second.items].map((one) => one.sandbox_id)).toEqual(ids.toSorted());
  expect(second.next_cursor).toBeNull();
  await call(server.url, `/v1/hosts/${host.id}`, { token: admin.token, method: "DELETE" });
  expect((await list()).items).toEqual([]);
  const [row] = await database.sql`
    select count(*)::int as count from quarantine where host_id = ${parseHostId(host.id)}`;
  expect(row?.["count"]).toBe(0);
});
