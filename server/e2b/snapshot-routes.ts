/** Snapshots for E2B's clients, who delete them as templates. */
import { Elysia, t } from "elysia";

import { isUuid, parseSandboxId } from "../../proto/ids.ts";
import { toPage } from "../http/cursors.ts";
import type { Services } from "../services.ts";
import { createSnapshot, deleteSnapshot, templateNotFound } from "../templates/snapshots.ts";
import { findTemplate, listTemplates } from "../templates/store.ts";
import { detail, OPERATION_ERRORS } from "./detail.ts";
import { MAX_PAGE, PageQuery, readToken, sendPage } from "./paging.ts";
import { SandboxParams } from "./requests.ts";
import { SnapshotModel, withE2bErrors } from "./schemas.ts";
import { sandboxIdOf, settled } from "./settled.ts";
import { readSnapshotName } from "./snapshot-name.ts";
import { parseTemplateRef } from "./template-ref.ts";
import { presentSnapshot, slugsOf } from "./templates.ts";
import { tidyBody } from "./tidy-body.ts";

const OPEN = { additionalProperties: true } as const;

export const e2bSnapshotRoutes = ({
  guards,
  sandboxes,
  snapshots,
}: Pick<Services, "guards" | "sandboxes" | "snapshots">) =>
  new Elysia({ name: "e2b-snapshots", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["templates"] }))
    .onTransform(tidyBody)
    .post(
      "/sandboxes/:id/snapshots",
      async ({ caller, params, body, set }) => {
        const sandboxId = sandboxIdOf(params);
        const name = await readSnapshotName(snapshots, caller, body.name ?? null);
        await settled(sandboxes, { id: sandboxId, teamId: caller.teamId });
        const made = await createSnapshot(snapshots, caller, { sandboxId, name });
        set.status = 201;
        return presentSnapshot(made, await slugsOf(snapshots, [made]));
      },
      {
        params: SandboxParams,
        body: t.Object(
          { name: t.Optional(t.String({ maxLength: 256, description: "Name or slug/name" })) },
          OPEN,
        ),
        response: withE2bErrors({ 201: SnapshotModel }, [...OPERATION_ERRORS, 507]),
        detail: detail("CreateSnapshot", "Make a template from a sandbox, which goes on as it was"),
      },
    )
    .get(
      "/snapshots",
      async ({ caller: { teamId }, query, set }) => {
        const { limit = MAX_PAGE, nextToken, name, sandboxID } = query;
        const [beforeId = null] = readToken(nextToken, 1, isUuid) ?? [];
        const ref = name ? parseTemplateRef(name) : undefined;
        const sandboxId = sandboxID ? parseSandboxId(sandboxID) : undefined;
        if (ref === null || sandboxId === null) return [];
        const rows = await listTemplates(snapshots.sql, {
          teamId,
          withPlatform: false,
          type: "snapshot",
          beforeId,
          ref,
          sandboxId,
          limit: limit + 1,
        });
        const page = toPage(rows, limit, ({ id }) => [id]);
        const slugs = await slugsOf(snapshots, page.items);
        return sendPage({ ...page, items: page.items.map((row) => presentSnapshot(row, slugs)) }, set);
      },
      {
        query: t.Object(
          {
            ...PageQuery,
            sandboxID: t.Optional(t.String({ maxLength: 256, description: "Those made from this sandbox" })),
            name: t.Optional(t.String({ maxLength: 256, description: "Id or name" })),
          },
          OPEN,
        ),
        response: withE2bErrors({ 200: t.Array(SnapshotModel) }, [400, 404]),
        detail: detail("ListSnapshots", "List the team's snapshots, newest first"),
      },
    )
    .delete(
      "/templates/:id",
      async ({ caller, params, set }) => {
        const ref = parseTemplateRef(params.id);
        const found = ref && (await findTemplate(snapshots.sql, { ...ref, teamId: caller.teamId }));
        if (!found) throw templateNotFound(params.id);
        await deleteSnapshot(snapshots, caller, found.name);
        set.status = 204;
      },
      {
        params: t.Object({ id: t.String({ maxLength: 256, description: "Id or name" }) }),
        response: withE2bErrors({ 204: t.Void() }, [404, 409]),
        detail: detail("DeleteTemplate", "Delete a snapshot from every host that holds it"),
      },
    );
