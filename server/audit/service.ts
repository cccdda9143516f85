/** The audit trail as people read it: pages, and whether it is as it was written. */
import type { Sql } from "../../db/sql.ts";
import { unavailable } from "../errors.ts";
import { type Page, toPage } from "../http/cursors.ts";
import { type AuditFilter, type AuditRow, listAuditRows } from "./store.ts";
import { type Verification, verifyChain } from "./verify.ts";

/** Chains recomputed at once: each takes the processor for as long as it is. */
const MAX_VERIFYING = 4;

export const createAuditService = (sql: Sql) => {
  /** Verifications under way: whoever asks meanwhile for the same team gets the same answer. */
  const verifying = new Map<string, Promise<Verification>>();
  return {
    /** Newest first; rows that are written meanwhile stand before the first page and move nothing. */
    async page(
      filter: AuditFilter,
      { beforeSeq, limit }: { beforeSeq: number | null; limit: number },
    ): Promise<Page<AuditRow>> {
      const rows = await listAuditRows(sql, filter, { beforeSeq, limit: limit + 1 });
      return toPage(rows, limit, ({ seq }) => [String(seq)]);
    },

    /** Recomputes the team's whole chain. 503 `busy` while others keep this server at it. */
    verify(teamId: string): Promise<Verification> {
      const running = verifying.get(teamId);
      if (running !== undefined) return running;
      if (verifying.size >= MAX_VERIFYING) {
        throw unavailable("busy", "Too many chains are being verified. Try again in a few seconds.");
      }
      const begun = verifyChain(sql, teamId).finally(() => verifying.delete(teamId));
      verifying.set(teamId, begun);
      return begun;
    },
  };
};

export type AuditService = ReturnType<typeof createAuditService>;
