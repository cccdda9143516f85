/** What the audit trail tells of one sandbox, newest first, live. */
import { call } from "../api.ts";
import type { Item } from "../api/routes.ts";
import { LiveList } from "./live-list.ts";

export type AuditEntry = Item<"GET /v1/audit-logs">;

/** More the audit page shows. */
const MOST = 1_000;

export const activityOf = (sandboxId: string): LiveList<AuditEntry> =>
  new LiveList<AuditEntry>({
    kinds: ["audit"],
    page: (cursor) =>
      call("GET /v1/audit-logs", {
        query: { limit: 200, cursor, resource_type: "sandbox", resource_id: sandboxId },
      }),
    // Events carry the row; one that does not is about something else by now.
    one: async () => null,
    idOf: ({ id }) => id,
    most: MOST,
    keeps: ({ resource_type: type, resource_id: id }) => type === "sandbox" && id === sandboxId,
    compare: (one, other) => other.seq - one.seq,
  });
