/** Ends every sandbox of a team or of a host at once, because what they belong to goes. */
import type { Tx } from "../../db/sql.ts";
import type { AuditEntry } from "../audit/entry.ts";
import { sandboxEvents } from "../audit/sandbox-events.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import { changeStatus } from "./status-store.ts";
import { TRANSITIONS } from "./status.ts";

/** A sandbox that ended in the database; `endpoint` is where its files still are. */
export interface EndedSandbox {
  id: string;
  teamId: string;
  endpoint: HostEndpoint | null;
}

/**
 * What the trail is to tell of it, recorded by the caller after all its changes.
 * @param reason `team_deleted`, `host_deleted`: the status reason, and the audit row's.
 */
export const endSandboxes = async (
  tx: Tx,
  { sandboxes, reason }: { sandboxes: readonly EndedSandbox[]; reason: string },
): Promise<AuditEntry[]> => {
  const entries: AuditEntry[] = [];
  for (const { id, teamId } of sandboxes) {
    const changed = await changeStatus(tx, { id, ...TRANSITIONS.deleted, reason });
    if (changed) entries.push(sandboxEvents.destroyedBySystem({ teamId, sandboxId: id, reason }));
  }
  return entries;
};
