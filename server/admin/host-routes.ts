/** `/v1/admin`: every host whoever's it is, and the sandboxes that hosts have and nobody knows. */
import { Elysia, t } from "elysia";

import { HOST_STATUSES, HOST_TYPES } from "../../db/constants.ts";
import { formatHostId, formatSandboxId, isUuid } from "../../proto/ids.ts";
import { ADMIN } from "../docs/security.ts";
import { listStrangers } from "../hosts/quarantine-store.ts";
import { listAllHosts } from "../hosts/store.ts";
import { decodeCursor, toPage } from "../http/cursors.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, pageOf, PageQuery, Timestamp, wordOf } from "../http/schemas.ts";
import type { Services } from "../services.ts";
import { AdminHostModel, presentAdminHost } from "./present.ts";

const StrangerModel = t.Object(
  {
    sandbox_id: t.String(),
    host_id: t.String(),
    host_name: t.String(),
    first_seen_at: Timestamp,
    ends_at: Timestamp,
  },
  { title: "QuarantinedSandbox" },
);

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["administration"],
  security: ADMIN,
});

export const adminHostRoutes = ({ guards, sql, config }: Pick<Services, "guards" | "sql" | "config">) =>
  new Elysia({ name: "admin-hosts", prefix: "/v1/admin", normalize: false })
    .derive(guards.admin)
    .get(
      "/hosts",
      async ({ query: { limit = DEFAULT_PAGE, cursor, type = null, status = null } }) => {
        const [afterId = null] = cursor === undefined ? [] : decodeCursor(cursor, 1, isUuid);
        const rows = await listAllHosts(sql, { type, status, afterId, limit: limit + 1 });
        const page = toPage(rows, limit, ({ host }) => [host.id]);
        return {
          ...page,
          items: page.items.map(({ host, teamName }) => presentAdminHost(host, teamName)),
        };
      },
      {
        query: t.Object({
          ...PageQuery,
          type: t.Optional(wordOf(HOST_TYPES)),
          status: t.Optional(wordOf(HOST_STATUSES)),
        }),
        response: withErrors({ 200: pageOf(AdminHostModel) }, [400, 401, 403]),
        detail: detail("listAllHosts", "List every host, the platform's and the teams'"),
      },
    )
    .get(
      "/quarantine",
      async ({ query: { limit = DEFAULT_PAGE, cursor } }) => {
        const [hostId, sandbox] = cursor === undefined ? [] : decodeCursor(cursor, 2, isUuid);
        const after = hostId === undefined || sandbox === undefined ? null : { hostId, sandbox };
        const rows = await listStrangers(sql, { after, limit: limit + 1 });
        const page = toPage(rows, limit, (last) => [last.hostId, last.sandbox]);
        return {
          ...page,
          items: page.items.map(({ sandbox, hostId, hostName, firstSeenAt }) => ({
            sandbox_id: formatSandboxId(sandbox),
            host_id: formatHostId(hostId),
            host_name: hostName,
            first_seen_at: firstSeenAt.toISOString(),
            ends_at: new Date(firstSeenAt.getTime() + config.quarantineMs).toISOString(),
          })),
        };
      },
      {
        query: t.Object(PageQuery),
        response: withErrors({ 200: pageOf(StrangerModel) }, [400, 401, 403]),
        detail: detail("listQuarantine", "List sandboxes on hosts that the database does not know"),
      },
    );
