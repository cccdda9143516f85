/** Every cell of the reconcile's table, through the real monitor: what a row becomes, and what the host is told. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { SANDBOX_STATUSES, type SandboxStatus } from "../../db/constants.ts";
import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseSandboxId } from "../../proto/ids.ts";
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

const REPORTS = ["running", "paused", "busy", "ended", "absent"] as const;
type Report = (typeof REPORTS)[number];

/**
 * What becomes of a cell as `status reason → host: what it has after`, and the audit rows it wrote. The host
 * says `timeout` of whatever it paused or ended.
 */
interface Cell {
  row: string;
  host: "running" | "paused" | "busy" | "ended" | "nothing";
  audit: string;
}

const cell = (row: string, on: Cell["host"], audit = ""): Cell => ({ row, host: on, audit });
const LOST = cell("stopped lost_on_host", "nothing", "lost error");
// A row that became final just now keeps its grace; then the host may forget the end.
const ENDED = cell("stopped timeout", "ended", "destroy info");
const PAUSED = cell("paused timeout", "paused", "pause info");
const left = (status: SandboxStatus, on: Cell["host"] = "busy") => cell(status, on);

const TABLE: Record<SandboxStatus, Record<Report, Cell>> = {
  pending: {
    running: cell("running", "running"),
    paused: PAUSED,
    busy: left("pending"),
    ended: cell("error timeout", "ended", "create error"),
    absent: cell("error create_lost", "nothing", "create error"),
  },
  running: {
    running: left("running", "running"),
    paused: PAUSED,
    busy: left("running"),
    ended: ENDED,
    absent: LOST,
  },
  missing: {
    running: cell("running", "running", "returned success"),
    paused: PAUSED,
    busy: left("missing"),
    ended: ENDED,
    absent: LOST,
  },
  pausing: {
    running: cell("running", "running"),
    paused: PAUSED,
    busy: left("pausing"),
    ended: ENDED,
    absent: LOST,
  },
  resuming: {
    running: cell("running", "running", "resume success"),
    paused: cell("paused timeout", "paused"),
    busy: left("resuming"),
    ended: ENDED,
    absent: LOST,
  },
  paused: {
    running: cell("running", "running", "resume success"),
    paused: left("paused", "paused"),
    busy: left("paused"),
    ended: ENDED,
    absent: LOST,
  },
  stopped: {
    running: cell("stopped", "nothing"),
    paused: cell("stopped", "nothing"),
    busy: left("stopped"),
    ended: cell("stopped", "nothing"),
    absent: left("stopped", "nothing"),
  },
  error: {
    running: cell("error", "nothing"),
    paused: cell("error", "nothing"),
    busy: left("error"),
    ended: cell("error", "nothing"),
    absent: left("error", "nothing"),
  },
};

const STRANGERS: Record<Exclude<Report, "absent">, Cell["host"]> = {
  running: "paused",
  paused: "paused",
  busy: "busy",
  ended: "nothing",
};

const SAYS = {
  running: HostSays.RUNNING,
  paused: HostSays.PAUSED,
  busy: HostSays.BUSY,
  ended: HostSays.ENDED,
} as const;

/** What the host's next list says of a sandbox. */
const say = (id: string, report: Report): void => {
  if (report === "absent") return;
  const reason = report === "paused" || report === "ended" ? "timeout" : "";
  host.set(id, { status: SAYS[report], reason, memoryKept: report === "paused" });
};

const onHost = (id: string): Cell["host"] => {
  const status = host.sandboxes.get(id)?.status;
  return (
    (REPORTS.find((report) => report !== "absent" && SAYS[report] === status) as Cell["host"]) ?? "nothing"
  );
};

const rowOf = async (id: string): Promise<string> => {
  const [row] = await server.database.sql`
    select status, status_reason from sandboxes where id = ${parseSandboxId(id)}`;
  return row ? `${row["status"]} ${row["status_reason"]}`.trim() : "none";
};
const auditOf = async (id: string): Promise<string> => {
  const rows = await server.database.sql`
    select action, status from audit_logs where resource_id = ${id} order by seq`;
  return rows.map(({ action, status }) => `${action} ${status}`).join(", ");
};

/** What the cell became. */
const found = async (id: string): Promise<Cell> => cell(await rowOf(id), onHost(id), await auditOf(id));

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
  for (const report of REPORTS) say(ids[report], report);
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

test.each(["pending", "pausing", "resuming", "stopped", "error"] as const)(
  "%s, a moment ago: whoever is at it is left in peace",
  async (status) => {
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
  },
);

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
