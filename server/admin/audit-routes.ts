/** `/v1/admin/audit-logs`: the platform's own trail, or any team's, for platform admins. */
import { Elysia, t } from "elysia";

import { parseTeamId, ZERO_UUID } from "../../proto/ids.ts";
import { AuditModel, presentAuditRow, VerificationModel } from "../audit/present.ts";
import { FilterQuery, readBefore, toFilter } from "../audit/query.ts";
import { ADMIN } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, pageOf, PageQuery } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";

const Chain = {
  team_id: t.Optional(t.String({ description: "Another chain than the platform's; also a deleted team's" })),
};

const chainOf = (teamId: string | undefined): string =>
  teamId === undefined ? ZERO_UUID : readId(parseTeamId, "team_id", teamId);

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["administration"],
  security: ADMIN,
});

export const adminAuditRoutes = ({ guards, audit }: Pick<Services, "guards" | "audit">) =>
  new Elysia({ name: "admin-audit", prefix: "/v1/admin/audit-logs", normalize: false })
    .derive(guards.admin)
    .get(
      "",
      async ({ query: { limit = DEFAULT_PAGE, cursor, team_id: teamId, ...words } }) => {
        const filter = toFilter(chainOf(teamId), "owner", words);
        const page = await audit.page(filter, { beforeSeq: readBefore(cursor), limit });
        return { ...page, items: page.items.map(presentAuditRow) };
      },
      {
        query: t.Object({ ...PageQuery, ...FilterQuery, ...Chain }),
        response: withErrors({ 200: pageOf(AuditModel) }, [400, 401, 403]),
        detail: detail("listPlatformAuditLogs", "What happened on the platform, newest first"),
      },
    )
    .get(
      "/verify",
      async ({ query }) => {
        const { brokenSeq, rows } = await audit.verify(chainOf(query.team_id));
        return { is_intact: brokenSeq === null, broken_seq: brokenSeq, rows };
      },
      {
        query: t.Object(Chain),
        response: withErrors({ 200: VerificationModel }, [400, 401, 403, 503]),
        detail: detail("verifyPlatformAuditLogs", "Whether a chain is as it was written"),
      },
    );
