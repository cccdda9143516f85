/** Ends every sandbox of a team or of a host at once, because what they belong to goes. */
import type { Tx } from "../../db/sql.ts";
import { record } from "../audit/record.ts";
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

/** @param reason `team_deleted`, `host_deleted`: the status reason, and the audit row's. */
export const endSandboxes = async (
  tx: Tx,
  { sandboxes, reason }: { sandboxes: readonly EndedSandbox[]; reason: string },
): Promise<void> => {
  // Chains of several teams are taken in the order that everyone takes them.
  for (const { id, teamId } of sandboxes.toSorted((a, b) => a.teamId.localeCompare(b.teamId))) {
    const changed = await changeStatus(tx, { id, ...TRANSITIONS.deleted, reason });
    if (changed) await record(tx, sandboxEvents.destroyedBySystem({ teamId, sandboxId: id, reason }));
  }
};
