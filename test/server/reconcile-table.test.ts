/** Every cell of the reconcile's table, through the real monitor: what a row becomes, and what the host is told. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { SANDBOX_STATUSES } from "../../db/constants.ts";
import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import {
  ageRows,
  auditOf,
  type Cell,
  cell,
  GRACED,
  type Left,
  REASONS,
  type Report,
  REPORTS,
  rowOf,
  STRANGERS,
  TABLE,
} from "../support/reconcile-cells.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { signUp, startTestServer } from "../support/server.ts";
import type { TestPerson, TestServer } from "../support/server.ts";
import { StandInHost } from "../support/stand-in-host.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

let server: TestServer;
let admin: TestPerson;
let host: StandInHost;
beforeAll(async () => {
  server = await startTestServer({ WRENN_MONITOR_MS: "30" });
  admin = await signUp(server.url);
  host = await StandInHost.join(server.url, admin.token);
});
afterAll(async () => {
  await host.stop();
  await server.stop();
});

const SAYS = {
  running: HostSays.RUNNING,
  paused: HostSays.PAUSED,
  died: HostSays.PAUSED,
  busy: HostSays.BUSY,
  ended: HostSays.ENDED,
} as const;

/** What the host's next list says of a sandbox. */
const say = (id: string, report: Report): void => {
  if (report === "absent") return;
  host.set(id, { status: SAYS[report], reason: REASONS[report] ?? "", memoryKept: report === "paused" });
};

const LEFT = ["running", "paused", "busy", "ended"] as const;

const onHost = (id: string): Left => {
  const status = host.sandboxes.get(id)?.status;
  return LEFT.find((left) => SAYS[left] === status) ?? "nothing";
};

/** What the cell became. */
const found = async (id: string): Promise<Cell> => {
  const { sql } = server.database;
  return cell(await rowOf(sql, id), onHost(id), ...(await auditOf(sql, id)));
};

/** Two more rounds that began after now: whatever they were going to do about a cell, they did. */
const twoRounds = async (): Promise<void> => {
  const rounds = () => host.calls.filter((name) => name === "listSandboxes").length;
  const before = rounds();
  await waitFor("two more rounds", () => rounds() >= before + 3);
};

test.each([...SANDBOX_STATUSES])("%s", async (status) => {
  const ids = Object.fromEntries(REPORTS.map((report) => [report, newSandboxId()])) as Record<Report, string>;
  // What the database does not know is quarantined at once: the host is busy with it until there is a row.
  for (const report of REPORTS) if (report !== "absent") say(ids[report], "busy");
  await insertSandboxRows(server.database.sql, {
    ids: Object.values(ids),
    teamId: admin.teamId,
    hostId: host.id,
    status,
  });
  await twoRounds();
  for (const report of REPORTS) say(ids[report], report);
  await ageRows(server.database.sql, Object.values(ids));
  for (const report of REPORTS) {
    await waitFor(`${status} × ${report}`, async () =>
      Bun.deepEquals(await found(ids[report]), TABLE[status][report]),
    ).catch(async () => expect([report, await found(ids[report])]).toEqual([report, TABLE[status][report]]));
  }
  await twoRounds();
  for (const report of REPORTS) {
    expect([report, await found(ids[report])]).toEqual([report, TABLE[status][report]]);
  }
  for (const id of Object.values(ids)) host.sandboxes.delete(id);
});

test.each([...GRACED])("%s, a moment ago: whoever is at it is left in peace", async (status) => {
  const ids = [newSandboxId(), newSandboxId()] as const;
  say(ids[0], "busy");
  const of = { teamId: admin.teamId, hostId: host.id };
  await insertSandboxRows(server.database.sql, { ...of, ids, status, ageSec: 30 });
  say(ids[0], "paused");
  await twoRounds();
  expect(await found(ids[0])).toEqual(cell(status, "paused"));
  expect(await found(ids[1])).toEqual(cell(status, "nothing"));
  await server.database
    .sql`delete from sandboxes where id = any(${ids.map((id) => parseSandboxId(id) ?? "")})`;
  host.sandboxes.delete(ids[0]);
});

test("no row at all", async () => {
  const reports = Object.keys(STRANGERS) as (keyof typeof STRANGERS)[];
  const ids = Object.fromEntries(reports.map((report) => [report, newSandboxId()]));
  for (const report of reports) say(ids[report] ?? "", report);
  await waitFor("all are dealt with", () =>
    reports.every((one) => onHost(ids[one] ?? "") === STRANGERS[one]),
  );
  await twoRounds();
  for (const report of reports) {
    const id = ids[report] ?? "";
    expect(await found(id)).toEqual(cell("none", STRANGERS[report]));
  }
});
