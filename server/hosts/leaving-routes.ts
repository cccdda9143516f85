/** `/v1/hosts` for people: empty a host, and remove it. */
import { Elysia, t } from "elysia";

import { formatSandboxId } from "../../proto/ids.ts";
import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { listLive } from "../sandboxes/store.ts";
import type { Services } from "../services.ts";
import { requireChangeable, requireHost } from "./access.ts";
import { drainHost } from "./drain.ts";
import { OccupiedHostModel, presentHost } from "./present.ts";
import { hostIdOf, HostParams } from "./routes.ts";
import { removeHost } from "./service.ts";
import { countSandboxesOn } from "./store.ts";

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["hosts"],
  security: USER,
});

export const hostLeavingRoutes = ({
  guards,
  hosts,
  drains,
}: Pick<Services, "guards" | "hosts" | "drains">) => {
  const { sql } = hosts;

  return new Elysia({ name: "hosts-leaving", prefix: "/v1/hosts/:id", normalize: false })
    .derive(guards.user)
    .post(
      "/drain",
      async ({ caller, params, body }) => {
        const known = await requireChangeable(sql, caller, { id: hostIdOf(params), what: "drain hosts" });
        const pause = body?.pause ?? false;
        const host = await drainHost({ sql, drains }, caller, { host: known, draining: true, pause });
        return { ...presentHost(host), sandboxes: await countSandboxesOn(sql, host.id) };
      },
      {
        params: HostParams,
        body: t.Optional(
          t.Object({
            pause: t.Optional(t.Boolean({ default: false, description: "Pause what runs on it" })),
          }),
        ),
        response: withErrors({ 200: OccupiedHostModel }, [400, 401, 403, 404]),
        detail: detail("drainHost", "Put nothing new on a host; what runs on it ends by itself or is paused"),
      },
    )
    .post(
      "/undrain",
      async ({ caller, params }) => {
        const known = await requireChangeable(sql, caller, { id: hostIdOf(params), what: "drain hosts" });
        const host = await drainHost({ sql, drains }, caller, { host: known, draining: false });
        return { ...presentHost(host), sandboxes: await countSandboxesOn(sql, host.id) };
      },
      {
        params: HostParams,
        response: withErrors({ 200: OccupiedHostModel }, [400, 401, 403, 404]),
        detail: detail("undrainHost", "Let a host take new sandboxes again"),
      },
    )
    .get(
      "/delete-preview",
      async ({ caller, params }) => {
        const { id } = await requireHost(sql, caller, hostIdOf(params));
        const sandboxes = await listLive(sql, { hostId: id });
        return { sandbox_ids: sandboxes.map((sandbox) => formatSandboxId(sandbox.id)) };
      },
      {
        params: HostParams,
        response: withErrors({ 200: t.Object({ sandbox_ids: t.Array(t.String()) }) }, [400, 401, 404]),
        detail: detail("previewHostDeletion", "List the sandboxes that would end with a host"),
      },
    )
    .delete(
      "",
      async ({ caller, params, query, set }) => {
        const id = hostIdOf(params);
        const host = await requireChangeable(sql, caller, { id, what: "remove hosts" });
        await removeHost(hosts, caller, { host, force: query.force ?? false });
        set.status = 204;
      },
      {
        params: HostParams,
        query: t.Object({
          force: t.Optional(t.Boolean({ default: false, description: "End its sandboxes first" })),
        }),
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 404, 409]),
        detail: detail("deleteHost", "Remove a host"),
      },
    );
};
