/**
 * What must be true of every sandbox once nothing is under way: the database, the agent's journals, the
 * processes and the files say the same, and each sandbox can really be used.
 */
import { readdir } from "node:fs/promises";

import { createLayout } from "../../agent/images/layout.ts";
import { isRunning } from "../../agent/system/process-identity.ts";
import { connectDatabase } from "../../db/sql.ts";
import { formatSandboxId } from "../../proto/ids.ts";
import type { JoinedAgent } from "./joined-agent.ts";
import type { SandboxApi } from "./sandbox-api.ts";
import { readJournalOf, readTraces } from "./traces.ts";
import { waitFor } from "./wait-for.ts";

export interface Subject {
  api: SandboxApi;
  agent: JoinedAgent;
  databaseUrl: string;
}

interface Row {
  id: string;
  status: string;
  status_reason: string;
  memory_kept: boolean;
}

const SETTLE_MS = 60_000;
const FINAL = new Set(["stopped", "error"]);
const AT_REST = new Set(["running", "paused", ...FINAL]);

/**
 * The reconcile trusts an operation under way, and what has just ended, for up to three minutes. No client
 * and no server works on these rows any more, so that time is made to be over.
 */
const readRows = async (databaseUrl: string): Promise<Row[]> => {
  const sql = connectDatabase({ url: databaseUrl, applicationName: "wrenn test", maxConnections: 1 });
  try {
    await sql`update sandboxes set updated_at = updated_at - interval '10 minutes'
      where status not in ('running', 'paused') and updated_at > now() - interval '5 minutes'`;
    return await sql<Row[]>`
      select id::text, status, status_reason, memory_kept from sandboxes order by created_at`;
  } finally {
    await sql.end({ timeout: 5 });
  }
};

const liveIds = (rows: Row[]): string[] =>
  rows
    .filter(({ status }) => !FINAL.has(status))
    .map(({ id }) => id)
    .sort();

/** How one row, its journal and its process disagree, in words. */
const disagreements = async (agent: JoinedAgent, row: Row): Promise<string[]> => {
  const journal = await readJournalOf(agent.directory, formatSandboxId(row.id)).catch(String);
  if (typeof journal === "string") return [`${row.id} is ${row.status}, and has no journal: ${journal}`];
  if (journal.state !== row.status) return [`${row.id} is ${row.status}, and ${journal.state} on its host`];
  if (journal.state === "running" && !isRunning(journal.vm)) return [`${row.id} runs, without a process`];
  if (journal.state === "paused" && row.memory_kept !== (journal.saved !== null)) {
    return [`${row.id}: memory_kept is ${row.memory_kept}, and not so on its host`];
  }
  return [];
};

/** Everything that is not as it must be, in words; empty when all is true. */
const findViolations = async ({ agent, databaseUrl }: Subject): Promise<string[]> => {
  const rows = await readRows(databaseUrl);
  const live = rows.filter(({ status }) => !FINAL.has(status));
  const violations = rows
    .filter(({ status }) => !AT_REST.has(status))
    .map(({ id, status }) => `${id} is still ${status}`);
  for (const row of live) violations.push(...(await disagreements(agent, row)));
  const known = new Set(liveIds(rows));
  const kept = await readdir(createLayout(agent.directory).sandboxes);
  for (const id of kept) if (!known.has(id)) violations.push(`${id} is on the host, and not in the database`);
  const { vms } = await readTraces(agent.directory);
  const expected = live.filter(({ status }) => status === "running").length;
  if (vms.length !== expected) violations.push(`${vms.length} machines run for ${expected} sandboxes`);
  return violations;
};

/** Of these, none may be gone that nobody deleted. */
const findLost = async ({ databaseUrl }: Subject, mustLive: string[]): Promise<string[]> => {
  const rows = new Map((await readRows(databaseUrl)).map((row) => [formatSandboxId(row.id), row]));
  return mustLive.flatMap((id) => {
    const row = rows.get(id);
    if (row === undefined) return [`${id} has no row`];
    return FINAL.has(row.status) ? [`${id} is ${row.status}: ${row.status_reason}`] : [];
  });
};

/** Each runs a command, after a resume where it is paused. */
const expectUsable = async ({ api, databaseUrl }: Subject): Promise<void> => {
  for (const { id, status } of await readRows(databaseUrl)) {
    const wire = formatSandboxId(id);
    if (FINAL.has(status)) continue;
    if (status === "paused") await api.resume(wire);
    const said = await api.run(wire, "echo alive");
    if (said !== "alive\n") throw new Error(`${wire} said ${said}`);
  }
};

/**
 * Throws with all that is untrue, lost or leaked. Everything runs afterwards.
 * @param mustLive ids that were made and never deleted
 */
export const expectTrueStates = async (subject: Subject, mustLive: string[] = []): Promise<void> => {
  let violations: string[] = [];
  const settled = async (): Promise<boolean> => {
    violations = await findViolations(subject);
    return violations.length === 0;
  };
  await waitFor("states are true", settled, SETTLE_MS).catch((cause: unknown) => {
    throw new Error(`untrue after ${SETTLE_MS} ms:\n${violations.join("\n")}`, { cause });
  });
  const lost = await findLost(subject, mustLive);
  if (lost.length > 0) throw new Error(`lost:\n${lost.join("\n")}`);
  await expectUsable(subject);
};
