/** Templates for E2B's clients. */
import { Elysia, t } from "elysia";

import { formatHexId, isUuid, ZERO_UUID } from "../../proto/ids.ts";
import { toPage } from "../http/cursors.ts";
import type { Services } from "../services.ts";
import { templateNotFound } from "../templates/snapshots.ts";
import { findTemplate, listTemplates, listUse } from "../templates/store.ts";
import { detail } from "./detail.ts";
import { MAX_LIST, MAX_PAGE, PageQuery, readToken, sendPage } from "./paging.ts";
import { TemplateModel, withE2bErrors } from "./schemas.ts";
import { parseTemplateRef } from "./template-ref.ts";
import { presentTemplate, slugsOf } from "./templates.ts";

const OPEN = { additionalProperties: true } as const;

export const e2bTemplateRoutes = ({ guards, snapshots }: Pick<Services, "guards" | "snapshots">) => {
  const { sql } = snapshots;
  const listPage = async (teamId: string, limit: number, beforeId: string | null) => {
    const filter = { teamId, withPlatform: true, type: null, beforeId };
    const page = toPage(await listTemplates(sql, { ...filter, limit: limit + 1 }), limit, ({ id }) => [id]);
    const ids = page.items.map(({ id }) => id);
    const [slugs, use] = await Promise.all([
      slugsOf(snapshots, page.items),
      listUse(sql, { teamId, templateIds: ids }),
    ]);
    return { ...page, items: page.items.map((row) => presentTemplate(row, slugs, use)) };
  };
  return new Elysia({ name: "e2b-templates", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes", "templates"] }))
    .get("/templates", async ({ caller: { teamId } }) => (await listPage(teamId, MAX_LIST, null)).items, {
      response: withE2bErrors({ 200: t.Array(TemplateModel) }, []),
      detail: detail("ListTemplatesV1", `List up to ${MAX_LIST} templates of the team and the platform`),
    })
    .get(
      "/v2/templates",
      async ({ caller: { teamId }, query: { limit = MAX_PAGE, nextToken }, set }) => {
        const [beforeId = null] = readToken(nextToken, 1, isUuid) ?? [];
        return sendPage(await listPage(teamId, limit, beforeId), set);
      },
      {
        query: t.Object(PageQuery, OPEN),
        response: withE2bErrors({ 200: t.Array(TemplateModel) }, [400]),
        detail: detail("ListTemplates", "The same in pages"),
      },
    )
    .get(
      "/templates/aliases/:alias",
      async ({ caller: { teamId }, params }) => {
        const ref = parseTemplateRef(params.alias);
        const found = ref && (await findTemplate(sql, { ...ref, teamId }));
        if (!found) throw templateNotFound(params.alias);
        return { templateID: formatHexId(found.id), public: found.teamId === ZERO_UUID };
      },
      {
        params: t.Object({ alias: t.String({ maxLength: 256, description: "Name or id" }) }),
        response: withE2bErrors({ 200: t.Object({ templateID: t.String(), public: t.Boolean() }) }, [404]),
        detail: detail("GetTemplateByAlias", "Look up a template by its name"),
      },
    );
};
