/** Snapshots whose server died while the host made them: whole on the host they count, else they end. */
import type { Sql, Tx } from "../../db/sql.ts";
import { SYSTEM } from "../audit/actor.ts";
import { record } from "../audit/record.ts";
import { snapshotEvents } from "../audit/sandbox-events.ts";
import type { HostClient } from "../hosts/client-pool.ts";
import { completeSnapshot, deleteTemplate, listUnfinished, lockUnfinished } from "./store.ts";

/** Longer than any server waits for a snapshot. */
const FORGOTTEN_SEC = 240;

export const settleUnfinished = async (sql: Sql, client: HostClient, hostId: string): Promise<void> => {
  const unfinished = await listUnfinished(sql, { hostId, olderThanSec: FORGOTTEN_SEC });
  if (unfinished.length === 0) return;
  const { templates } = await client.listTemplates({});
  const held = new Map(templates.map((template) => [template.ref?.templateId, template]));
  for (const { id, teamId, name, diskSizeMb } of unfinished) {
    const made = held.get(id);
    await sql.begin(async (tx: Tx) => {
      if (!(await lockUnfinished(tx, { id, hostId }))) return;
      if (!made) return void (await deleteTemplate(tx, id));
      const { runtimeId } = made;
      const sizeBytes = Number(made.sizeBytes);
      await completeSnapshot(tx, {
        id,
        hostId,
        runtimeId,
        sizeBytes,
        diskSizeMb: made.diskSizeMb || diskSizeMb,
      });
      await record(tx, snapshotEvents.created({ teamId, name, actor: SYSTEM }));
    });
  }
};
