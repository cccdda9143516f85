/**
 * Every cell of the reconcile's table with a real agent and real machines: the agent is brought to what it is
 * to say, the row is set to what the database is to believe, and the monitor decides.
 *
 * There is none that an honest agent cannot be brought to. What only a dishonest or damaged one says (a status
 * nobody knows, a sandbox of another host, a list without end) is in `test/server/hostile-host.test.ts`.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";

import { SANDBOX_STATUSES, type SandboxStatus } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { SandboxStatus as HostSays } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { parseSandboxId } from "../../proto/ids.ts";
import type { HostClient } from "../../server/hosts/client-pool.ts";
import { HostLab, type LabHost } from "../support/host-lab.ts";
import { settle, TEST_MS } from "../support/pace.ts";
import {
  ageRows,
  auditOf,
  type Cell,
  cell,
  GRACED,
  HAS,
  type Left,
  type Report,
  REPORTS,
  rowOf,
  STRANGERS,
  TABLE,
} from "../support/reconcile-cells.ts";
import { insertSandboxRows, newSandboxId } from "../support/sandbox-rows.ts";
import { disbelief, readJournalOf, readTraces } from "../support/traces.ts";

setDefaultTimeout(TEST_MS);

const DAY = "1 day";

let lab: HostLab;
let host: LabHost;
let client: HostClient;
let sql: Sql;
let layersBefore: string[] = [];
/** Machines that were stopped in the middle of what is done to them. */
const frozen = new Set<number>();

beforeAll(async () => {
  // The link holds: however busy this machine is, silence is not what is looked at here.
  lab = await HostLab.start({ hosts: 1, server: { WRENN_STALE_MS: "60000", WRENN_MONITOR_MS: "300" } });
  host = lab.host(1);
  client = await lab.client(host);
  sql = lab.database.ownerSql;
  layersBefore = (await readTraces(host.agent.directory)).layers;
});
afterAll(async () => {
  thaw();
  await lab[Symbol.asyncDispose]();
});

/** What a frozen machine was asked for comes about now. */
const thaw = (): void => {
  for (const pid of frozen) process.kill(pid, "SIGCONT");
  frozen.clear();
};

const WORDS: Partial<Record<HostSays, Left>> = {
  [HostSays.RUNNING]: "running",
  [HostSays.PAUSED]: "paused",
  [HostSays.BUSY]: "busy",
  [HostSays.ENDED]: "ended",
};

/** What the host says, where its machine bears it out. */
const onHost = async (id: string): Promise<string> => {
  const { sandboxes } = await client.listSandboxes({});
  const state = sandboxes.find(({ sandboxId }) => sandboxId === id);
  const said = state === undefined ? "nothing" : (WORDS[state.status] ?? "busy");
  const doubt = await disbelief(host.agent.directory, id, said).catch(String);
  return doubt === "" ? said : `${said}, but ${doubt}`;
};

/** What has become of a sandbox since it had `told` rows in the audit trail. */
const found = async (id: string, told: number) => ({
  row: await rowOf(sql, id),
  host: await onHost(id),
  audit: (await auditOf(sql, id)).slice(told),
});

/** A whole round of the monitor that began after now: whatever it was going to do, it did. */
const oneRound = async (): Promise<void> => {
  // A round that was under way cannot know of the first; the second comes when the first one's is over.
  for (const id of [newSandboxId(), newSandboxId()]) {
    await insertSandboxRows(sql, { ids: [id], teamId: lab.teamId, hostId: host.id, status: "running" });
    await settle("a round", async () => (await rowOf(sql, id)) === "stopped lost_on_host");
  }
};

const machineOf = async (id: string): Promise<number> => {
  const journal = await readJournalOf(host.agent.directory, id);
  if (journal.state !== "running") throw new Error(`${id} is ${journal.state}`);
  return journal.vm.pid;
};

const becomes = (id: string, row: string): Promise<void> =>
  settle(`${id} is ${row}`, async () => (await rowOf(sql, id)) === row);

/** A sandbox of which the host really says this. */
const BRING: Record<Report, () => Promise<string>> = {
  running: () => lab.api.create({ timeout_sec: 0 }),
  paused: async () => {
    const id = await lab.api.create({ timeout_sec: 1, on_timeout: "pause" });
    await becomes(id, "paused timeout");
    return id;
  },
  died: async () => {
    const id = await lab.api.create({ timeout_sec: 0 });
    process.kill(await machineOf(id), "SIGKILL");
    await becomes(id, "paused vm_died without memory");
    return id;
  },
  // It is to pause, and its machine does not answer.
  busy: async () => {
    const id = await lab.api.create({ timeout_sec: 0 });
    const pid = await machineOf(id);
    frozen.add(pid);
    process.kill(pid, "SIGSTOP");
    await lab.api.ok(`/${id}/timeout`, { timeout_sec: 1, on_timeout: "pause" });
    await settle("it is busy", async () => (await onHost(id)) === "busy");
    return id;
  },
  ended: async () => {
    const id = await lab.api.create({ timeout_sec: 1, on_timeout: "kill" });
    await becomes(id, "stopped timeout");
    return id;
  },
  absent: async () => {
    const id = newSandboxId();
    await insertSandboxRows(sql, { ids: [id], teamId: lab.teamId, hostId: host.id, status: "stopped" });
    return id;
  },
};

interface Subject<R extends Report = Report> {
  report: R;
  id: string;
  /** Audit rows it had when it was brought there. */
  told: number;
}

const bring = async <R extends Report>(reports: readonly R[]): Promise<Subject<R>[]> => {
  const subjects = await Promise.all(
    reports.map(async (report) => {
      const id = await BRING[report]();
      return { report, id, told: (await auditOf(sql, id)).length };
    }),
  );
  // No list that is older than this decides about them.
  await oneRound();
  return subjects;
};

/** As by an operation that began just now. */
const believe = async (ids: readonly string[], status: SandboxStatus): Promise<void> => {
  await sql`
    update sandboxes set status = ${status}, status_reason = '', memory_kept = ${status === "paused"},
      updated_at = clock_timestamp()
    where id = any(${ids.map((id) => parseSandboxId(id) ?? "")})`;
};

const expectCell = async ({ report, id, told }: Subject, expected: Cell): Promise<void> => {
  const isThere = async (): Promise<boolean> => Bun.deepEquals(await found(id, told), expected);
  await settle(report, isThere).catch(() => {});
  expect([report, await found(id, told)]).toEqual([report, expected]);
};

const expectCells = async (subjects: Subject[], expected: (subject: Subject) => Cell): Promise<void> => {
  await Promise.all(subjects.map((subject) => expectCell(subject, expected(subject))));
};

/** Whatever is live can be used, unless that takes a boot, and is then deleted. */
const useUp = async ({ id }: Subject): Promise<void> => {
  const row = await rowOf(sql, id);
  if (row.startsWith("stopped") || row.startsWith("error")) return;
  if (!row.endsWith("without memory")) {
    // The time it had is too short for what is coming.
    await lab.api.ok(`/${id}/timeout`, { timeout_sec: 0 });
    if (row.startsWith("paused")) await lab.api.resume(id);
    expect(await lab.api.run(id, "echo alive")).toBe("alive\n");
  }
  await lab.api.remove(id);
};

test.each([...SANDBOX_STATUSES])("%s", async (status) => {
  const subjects = await bring(REPORTS);
  const ids = subjects.map(({ id }) => id);
  await believe(ids, status);
  if (GRACED.some((graced) => graced === status)) {
    await oneRound();
    // Whoever is at it is left in peace.
    await expectCells(subjects, ({ report }) => cell(status, HAS[report]));
  }
  await ageRows(sql, ids);
  await expectCells(subjects, ({ report }) => TABLE[status][report]);
  await oneRound();
  await expectCells(subjects, ({ report }) => TABLE[status][report]);

  thaw();
  // What was busy has paused.
  const settled = ({ report }: Subject) => TABLE[status][report === "busy" ? "paused" : report];
  await expectCells(subjects, settled);
  await Promise.all(subjects.map(useUp));
});

test("no row at all: kept for a day, shown to admins, then ended", async () => {
  const reports = Object.keys(STRANGERS) as (keyof typeof STRANGERS)[];
  const subjects = await bring(reports);
  const ids = subjects.map(({ id }) => id);
  const uuids = ids.map((id) => parseSandboxId(id) ?? "");
  await sql`delete from sandboxes where id = any(${uuids})`;
  const left = (report: keyof typeof STRANGERS) => cell("none", STRANGERS[report]);
  for (const subject of subjects) await expectCell(subject, left(subject.report));
  await oneRound();
  for (const subject of subjects) await expectCell(subject, left(subject.report));

  thaw();
  const kept = subjects.filter(({ report }) => report !== "ended");
  await expectCells(kept, () => cell("none", "paused"));
  const { body } = await lab.request<{ items: { sandbox_id: string }[] }>("/v1/admin/quarantine");
  expect(body.items.map(({ sandbox_id }) => sandbox_id).sort()).toEqual(kept.map(({ id }) => id).sort());
  await sql`update quarantine set first_seen_at = first_seen_at - ${DAY}::interval`;
  await expectCells(kept, () => cell("none", "nothing", "destroy info"));
});

test("in the end nothing is left on the machine", async () => {
  await sql`update sandboxes set updated_at = now() - interval '1 hour' where status in ('stopped', 'error')`;
  const traces = { sandboxes: [], layers: layersBefore, vms: [], staging: [] };
  const isClean = async (): Promise<boolean> =>
    Bun.deepEquals(await readTraces(host.agent.directory), traces);
  await settle("it is clean", isClean).catch(() => {});
  expect(await readTraces(host.agent.directory)).toEqual(traces);
});
