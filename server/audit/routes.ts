/** `/v1/audit-logs`: what happened in the team. */
import { Elysia, t } from "elysia";

import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, pageOf, PageQuery, wordOf } from "../http/schemas.ts";
import type { Services } from "../services.ts";
import { exportAudit } from "./export.ts";
import { AuditModel, presentAuditRow, VerificationModel } from "./present.ts";
import { FilterQuery, readBefore, toFilter } from "./query.ts";

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  description: "Members see what concerns everyone; the owner and admins see all.",
  tags: ["audit"],
  security: USER,
});

export const auditRoutes = ({ guards, audit, sql }: Pick<Services, "guards" | "audit" | "sql">) =>
  new Elysia({ name: "audit", prefix: "/v1/audit-logs", normalize: false })
    .derive(guards.team)
    .get(
      "",
      async ({ caller, query: { limit = DEFAULT_PAGE, cursor, ...words } }) => {
        const filter = toFilter(caller.teamId, caller.role, words);
        const page = await audit.page(filter, { beforeSeq: readBefore(cursor), limit });
        return { ...page, items: page.items.map(presentAuditRow) };
      },
      {
        query: t.Object({ ...PageQuery, ...FilterQuery }),
        response: withErrors({ 200: pageOf(AuditModel) }, [400, 401, 403]),
        detail: detail("listAuditLogs", "What happened in the team, newest first"),
      },
    )
    .get(
      "/verify",
      async ({ caller }) => {
        const { brokenSeq, rows } = await audit.verify(caller.teamId);
        return { is_intact: brokenSeq === null, broken_seq: brokenSeq, rows };
      },
      {
        response: withErrors({ 200: VerificationModel }, [401, 403, 503]),
        detail: detail("verifyAuditLogs", "Whether the team's chain is as it was written"),
      },
    )
    .get(
      "/export",
      ({ caller, query: { format, ...words } }) =>
        exportAudit(sql, toFilter(caller.teamId, caller.role, words), format),
      {
        query: t.Object({ format: wordOf(["jsonl", "csv"]), ...FilterQuery }),
        response: withErrors({}, [400, 401, 403]),
        detail: detail("exportAuditLogs", "The same as a file, newest first, streamed"),
      },
    );
