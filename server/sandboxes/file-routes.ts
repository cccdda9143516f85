/** `/v1/sandboxes/{id}/files`: streamed both ways, of any size. */
import { Elysia, type Static, t } from "elysia";

import { KEY_OR_TEAM } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { integer, nullable, Timestamp, wordOf } from "../http/schemas.ts";
import type { Services } from "../services.ts";
import {
  downloadFile,
  type FileEntry,
  listFiles,
  makeDirectory,
  moveFile,
  removeFile,
  uploadFile,
} from "./files.ts";
import { sandboxIdOf, SandboxParams } from "./requests.ts";

const Path = t.String({
  minLength: 1,
  maxLength: 4096,
  pattern: "^[^\\0]+$",
  description: "Absolute, or from the user's home",
});
const User = t.Optional(t.String({ pattern: "^[a-z_][a-z0-9_-]{0,31}$", description: "Default: `user`" }));
const PathQuery = t.Object({ path: Path, user: User });

const EntryModel = t.Object(
  {
    name: t.String(),
    path: t.String(),
    type: wordOf(["file", "directory", "symlink", "other"]),
    size: integer({ description: "Bytes" }),
    mode: integer(),
    permissions: t.String({ examples: ["-rw-r--r--"] }),
    owner: t.String(),
    group: t.String(),
    modified_at: nullable(Timestamp),
    symlink_target: nullable(t.String()),
  },
  { title: "FileEntry" },
);

/** The bytes themselves: 206 for a range, 304 and 416 as conditions and ranges ask. */
const FileBody = t.Any({ description: "application/octet-stream" });

const present = (entry: FileEntry): Static<typeof EntryModel> => ({
  name: entry.name,
  path: entry.path,
  type: entry.type,
  size: entry.size,
  mode: entry.mode,
  permissions: entry.permissions,
  owner: entry.owner,
  group: entry.group,
  modified_at: entry.modifiedAt?.toISOString() ?? null,
  symlink_target: entry.symlinkTarget,
});

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["files"],
  security: KEY_OR_TEAM,
});

const ERRORS = [400, 401, 403, 404, 409, 502, 503, 504] as const;

export const fileRoutes = ({
  guards,
  sandboxes,
  guests,
}: Pick<Services, "guards" | "sandboxes" | "guests">) => {
  const deps = { sandboxes, guests };
  return new Elysia({ name: "files", prefix: "/v1/sandboxes/:id/files", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"], readable: false }))
    .get(
      "",
      ({ caller, params, query, request, server }) => {
        server?.timeout(request, 0);
        const { path, user = null } = query;
        return downloadFile(deps, caller, { id: sandboxIdOf(params), user, path, request });
      },
      {
        params: SandboxParams,
        query: PathQuery,
        response: withErrors({ 200: FileBody }, ERRORS),
        detail: detail("downloadFile", "Download a file; ranges and conditions are honoured"),
      },
    )
    .put(
      "",
      async ({ caller, params, query, request, server, set }) => {
        server?.timeout(request, 0);
        const { path, user = null } = query;
        await uploadFile(deps, caller, { id: sandboxIdOf(params), user, path, request });
        set.status = 204;
      },
      {
        params: SandboxParams,
        query: PathQuery,
        response: withErrors({ 204: t.Void() }, [...ERRORS, 507]),
        detail: {
          ...detail("uploadFile", "Write the body to a file; its directories are made"),
          requestBody: {
            content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
          },
        },
      },
    )
    .delete(
      "",
      async ({ caller, params, query: { path, user = null }, request, server, set }) => {
        server?.timeout(request, 0);
        await removeFile(deps, caller, { id: sandboxIdOf(params), user, path, left: request.signal });
        set.status = 204;
      },
      {
        params: SandboxParams,
        query: PathQuery,
        response: withErrors({ 204: t.Void() }, ERRORS),
        detail: detail("removeFile", "Remove a file, or a directory with all below it"),
      },
    )
    .get(
      "/list",
      async ({ caller, params, query: { path, user = null, depth = 1 }, request, server }) => {
        server?.timeout(request, 0);
        const asked = { id: sandboxIdOf(params), user, path, depth, left: request.signal };
        const entries = await listFiles(deps, caller, asked);
        return { items: entries.map(present) };
      },
      {
        params: SandboxParams,
        query: t.Object({
          path: Path,
          user: User,
          depth: t.Optional(t.Integer({ minimum: 1, maximum: 100, default: 1, description: "Levels below" })),
        }),
        response: withErrors({ 200: t.Object({ items: t.Array(EntryModel) }) }, ERRORS),
        detail: detail("listFiles", "List a directory"),
      },
    )
    .post(
      "/mkdir",
      async ({ caller, params, body: { path, user = null }, set }) => {
        const entry = await makeDirectory(deps, caller, { id: sandboxIdOf(params), user, path });
        set.status = 201;
        return { entry: entry && present(entry) };
      },
      {
        params: SandboxParams,
        body: t.Object({ path: Path, user: User }),
        response: withErrors({ 201: t.Object({ entry: nullable(EntryModel) }) }, ERRORS),
        detail: detail("makeDirectory", "Make a directory and its parents"),
      },
    )
    .post(
      "/move",
      async ({ caller, params, body: { source, destination, user = null } }) => {
        const moved = { id: sandboxIdOf(params), user, source, destination };
        const entry = await moveFile(deps, caller, moved);
        return { entry: entry && present(entry) };
      },
      {
        params: SandboxParams,
        body: t.Object({ source: Path, destination: Path, user: User }),
        response: withErrors({ 200: t.Object({ entry: nullable(EntryModel) }) }, ERRORS),
        detail: detail("moveFile", "Move or rename a file or directory"),
      },
    );
};
