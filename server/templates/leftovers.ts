/** Removes the files of deleted templates from the hosts that still have them. */
import type { Sql } from "../../db/sql.ts";
import type { HostClientPool } from "../hosts/client-pool.ts";
import type { Log } from "../log.ts";
import { forgetLeftover, listLeftovers } from "./store.ts";

/** Of one host, or of one template on every host. What fails stays, for the next round. */
export const removeLeftovers = async (
  { sql, hosts, log }: { sql: Sql; hosts: HostClientPool; log: Log },
  of: { hostId: string } | { templateId: string },
): Promise<void> => {
  for (const { templateId, teamId, name, host } of await listLeftovers(sql, of)) {
    try {
      await hosts.client(host).deleteTemplate({ template: { teamId, templateId } });
      await forgetLeftover(sql, { hostId: host.id, templateId });
    } catch (error) {
      log.warn("a deleted template's files could not be removed yet", { template: name, error });
    }
  }
};
