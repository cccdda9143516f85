/** `/v1/templates` and `/v1/snapshots`. */
import type { Static } from "@sinclair/typebox";
import { Elysia, t } from "elysia";

import { HOST_TEMPLATE_STATES, TEMPLATE_TYPES } from "../../db/constants.ts";
import { formatTemplateId, isUuid, parseSandboxId, ZERO_UUID } from "../../proto/ids.ts";
import { KEY_OR_TEAM } from "../docs/security.ts";
import { decodeCursor, toPage } from "../http/cursors.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, integer, nullable, pageOf, PageQuery, Timestamp, wordOf } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import { createSnapshot, deleteSnapshot, type SnapshotDeps, templateNotFound } from "./snapshots.ts";
import { findTemplate, listTemplates, type Template } from "./store.ts";

const TemplateModel = t.Object(
  {
    id: t.String({ examples: ["tpl-01990000-0000-7000-8000-000000000000"] }),
    name: t.String(),
    type: wordOf(TEMPLATE_TYPES),
    owner: wordOf(["team", "platform"]),
    state: nullable(wordOf(HOST_TEMPLATE_STATES)),
    vcpus: integer(),
    memory_mb: integer(),
    disk_size_mb: integer(),
    hosts: integer({ description: "Hosts that hold it whole" }),
    copying: nullable(
      t.Number({ description: "0 to 1: how far the copy to a further host is; null when there is none" }),
    ),
    size_bytes: nullable(integer({ description: "On one host; null while it is being made" })),
    created_at: Timestamp,
  },
  { title: "Template" },
);

const present = (template: Template): Static<typeof TemplateModel> => ({
  id: formatTemplateId(template.id),
  name: template.name,
  type: template.type,
  owner: template.teamId === ZERO_UUID ? "platform" : "team",
  state: template.state,
  vcpus: template.vcpus,
  memory_mb: template.memoryMb,
  disk_size_mb: template.diskSizeMb,
  hosts: template.hosts,
  copying: template.copying,
  size_bytes: template.sizeBytes,
  created_at: template.createdAt.toISOString(),
});

const Name = t.Object({ name: t.String({ minLength: 1, maxLength: 128 }) });

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["templates"],
  security: KEY_OR_TEAM,
});

const listPage = async (
  { sql }: SnapshotDeps,
  filter: { teamId: string; withPlatform: boolean; type: "snapshot" | null },
  { limit = DEFAULT_PAGE, cursor }: { limit?: number; cursor?: string },
) => {
  const [beforeId = null] = cursor === undefined ? [] : decodeCursor(cursor, 1, isUuid);
  const rows = await listTemplates(sql, { ...filter, beforeId, limit: limit + 1 });
  const page = toPage(rows, limit, ({ id }) => [id]);
  return { ...page, items: page.items.map(present) };
};

/** What sandboxes start from: read by whoever starts sandboxes, and by whoever makes templates. */
export const templateRoutes = ({ guards, snapshots }: Pick<Services, "guards" | "snapshots">) =>
  new Elysia({ name: "templates", prefix: "/v1/templates", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes", "templates"] }))
    .get(
      "",
      ({ caller: { teamId }, query }) =>
        listPage(snapshots, { teamId, withPlatform: true, type: null }, query),
      {
        query: t.Object(PageQuery),
        response: withErrors({ 200: pageOf(TemplateModel) }, [400, 401, 403]),
        detail: detail("listTemplates", "List the team's templates and the platform's"),
      },
    )
    .get(
      "/:name",
      async ({ caller: { teamId }, params }) => {
        const template = await findTemplate(snapshots.sql, { teamId, name: params.name });
        if (!template) throw templateNotFound(params.name);
        return present(template);
      },
      {
        params: Name,
        response: withErrors({ 200: TemplateModel }, [400, 401, 403, 404]),
        detail: detail("getTemplate", "Get a template by name: the team's own first, then the platform's"),
      },
    );

/** Templates made from live sandboxes. */
export const snapshotRoutes = ({ guards, snapshots }: Pick<Services, "guards" | "snapshots">) =>
  new Elysia({ name: "snapshots", prefix: "/v1/snapshots", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["templates"] }))
    .post(
      "",
      async ({ caller, body, set }) => {
        const sandboxId = readId(parseSandboxId, "sandbox_id", body.sandbox_id);
        const template = await createSnapshot(snapshots, caller, { sandboxId, name: body.name ?? null });
        set.status = 201;
        return present(template);
      },
      {
        body: t.Object({
          sandbox_id: t.String({ description: "Running or paused" }),
          name: t.Optional(t.String({ minLength: 1, maxLength: 64 })),
        }),
        response: withErrors({ 201: TemplateModel }, [400, 401, 403, 404, 409, 502, 503, 504, 507]),
        detail: detail("createSnapshot", "Make a template from a sandbox, which goes on as it was"),
      },
    )
    .get(
      "",
      ({ caller: { teamId }, query }) =>
        listPage(snapshots, { teamId, withPlatform: false, type: "snapshot" }, query),
      {
        query: t.Object(PageQuery),
        response: withErrors({ 200: pageOf(TemplateModel) }, [400, 401, 403]),
        detail: detail("listSnapshots", "List the team's snapshots, newest first"),
      },
    )
    .delete(
      "/:name",
      async ({ caller, params, set }) => {
        await deleteSnapshot(snapshots, caller, params.name);
        set.status = 204;
      },
      {
        params: Name,
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 404, 409]),
        detail: detail("deleteSnapshot", "Delete a snapshot from every host that holds it"),
      },
    );
