/**
 * Sandboxes that a host has and the database does not know, as after a restored backup. They are paused and
 * kept, for a person may know what they are; when nobody says so for a day, they end.
 */
import type { Sql, Tx } from "../../db/sql.ts";
import { formatSandboxId, ZERO_UUID } from "../../proto/ids.ts";
import { eachLimited } from "../../proto/limit.ts";
import { record } from "../audit/record.ts";
import { sandboxEvents } from "../audit/sandbox-events.ts";
import type { Log } from "../log.ts";
import type { HostClient } from "./client-pool.ts";
import type { Host } from "./host.ts";
import { forgetStranger, noteStrangers } from "./quarantine-store.ts";

const OVER = "quarantine_over";
/** Ended at once on one host. */
const END_AT_ONCE = 20;

/** On the host first: what is forgotten but still there would count as new. */
const end = async (
  { sql, client, log }: { sql: Sql; client: HostClient; log: Log },
  { host, sandbox }: { host: Host; sandbox: string },
): Promise<void> => {
  await client.destroySandbox({ sandboxId: formatSandboxId(sandbox) });
  await sql.begin(async (tx: Tx) => {
    if (!(await forgetStranger(tx, { hostId: host.id, sandbox }))) return;
    log.warn("an unknown sandbox was ended after its quarantine", {
      sandbox: formatSandboxId(sandbox),
      host: host.name,
    });
    const event = { teamId: ZERO_UUID, sandboxId: sandbox, reason: OVER };
    await record(tx, sandboxEvents.destroyedBySystem(event));
  });
};

/** Notes what a host has of them, and ends those that were kept for long enough. */
export const keepStrangers = async (
  deps: { sql: Sql; client: HostClient; log: Log; quarantineMs: number },
  { host, strangers }: { host: Host; strangers: readonly string[] },
): Promise<void> => {
  const { sql, quarantineMs: keptMs } = deps;
  const overdue = await noteStrangers(sql, { hostId: host.id, strangers, keptMs });
  const ends = await eachLimited(overdue, END_AT_ONCE, (sandbox) => end(deps, { host, sandbox }));
  const failed = ends.find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
};
