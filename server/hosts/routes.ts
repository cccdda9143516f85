/** `/v1/hosts` for people: add a machine, see hosts, issue a new token, remove one. */
import { Elysia, t } from "elysia";

import { HOST_TYPES } from "../../db/constants.ts";
import { formatSandboxId, isUuid, parseHostId } from "../../proto/ids.ts";
import type { UserCaller } from "../auth/context.ts";
import { USER } from "../docs/security.ts";
import { forbidden } from "../errors.ts";
import { decodeCursor, toPage } from "../http/cursors.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, pageOf, PageQuery, Timestamp, wordOf } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import { joinCommand } from "./join-command.ts";
import { HostDetailModel, HostModel, presentHost } from "./present.ts";
import { findQuarantined } from "./quarantine.ts";
import { createHost, type IssuedToken, reissueToken } from "./registration.ts";
import { askWork, heldTemplates, removeHost, requireHost } from "./service.ts";
import { type HostScope, listHosts } from "./store.ts";

const NewHost = t.Object({
  name: t.String({ minLength: 1, maxLength: 100 }),
  type: t.Optional(wordOf(HOST_TYPES)),
  provider: t.Optional(t.String({ maxLength: 100 })),
  availability_zone: t.Optional(t.String({ maxLength: 100 })),
});

const RegistrationModel = t.Object({
  token: t.String({ description: "Works once; shown this once" }),
  expires_at: Timestamp,
  command: t.String({ description: "To be run on the machine, as root" }),
});

const HostParams = t.Object({ id: t.String({ description: "Host id" }) });
const hostIdOf = ({ id }: { id: string }): string => readId(parseHostId, "id", id);

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["hosts"],
  security: USER,
});

const scopeOf = ({ isAdmin, teamId }: UserCaller): HostScope => ({ teamId, regular: isAdmin });

const requireAdmin = ({ isAdmin }: UserCaller): void => {
  if (!isAdmin) throw forbidden("Only a platform admin manages the platform's hosts.");
};

export const hostRoutes = ({
  guards,
  hosts,
  registration,
  config: { publicUrl },
  agentDownload,
}: Pick<Services, "guards" | "hosts" | "registration" | "config" | "agentDownload">) => {
  const presentToken = async ({ token, expiresAt }: IssuedToken) => {
    const { sha256 = null } = (await agentDownload.find()) ?? {};
    return {
      token,
      expires_at: expiresAt.toISOString(),
      command: joinCommand({ publicUrl, token, sha256 }),
    };
  };

  return new Elysia({ name: "hosts", prefix: "/v1/hosts", normalize: false })
    .derive(guards.user)
    .post(
      "",
      async ({ caller, body, set }) => {
        requireAdmin(caller);
        if (body.type === "byoc") {
          throw forbidden("Hosts of a team's own are not enabled on this instance.", "byoc_not_enabled");
        }
        const { host, issued } = await createHost(registration, caller, {
          name: body.name,
          type: "regular",
          teamId: null,
          provider: body.provider ?? null,
          availabilityZone: body.availability_zone ?? null,
        });
        set.status = 201;
        return { host: presentHost(host), registration: await presentToken(issued) };
      },
      {
        body: NewHost,
        response: withErrors(
          { 201: t.Object({ host: HostModel, registration: RegistrationModel }) },
          [400, 401, 403],
        ),
        detail: detail("createHost", "Add a host; its machine joins with the token"),
      },
    )
    .get(
      "",
      async ({ caller, query: { limit = DEFAULT_PAGE, cursor } }) => {
        const [afterId = null] = cursor === undefined ? [] : decodeCursor(cursor, 1, isUuid);
        const rows = await listHosts(hosts.sql, { scope: scopeOf(caller), afterId, limit: limit + 1 });
        const page = toPage(rows, limit, ({ id }) => [id]);
        return { ...page, items: page.items.map(presentHost) };
      },
      {
        query: t.Object(PageQuery),
        response: withErrors({ 200: pageOf(HostModel) }, [400, 401]),
        detail: detail("listHosts", "List the team's own hosts, and for admins the platform's"),
      },
    )
    .get(
      "/:id",
      async ({ caller, params }) => {
        const host = await requireHost(hosts, { id: hostIdOf(params), scope: scopeOf(caller) });
        const [work, templates, strangers] = await Promise.all([
          askWork(hosts, host),
          heldTemplates(hosts, host),
          caller.isAdmin ? findQuarantined(hosts, host) : [],
        ]);
        return { ...presentHost(host), work, templates, quarantined: strangers.map(formatSandboxId) };
      },
      {
        params: HostParams,
        response: withErrors({ 200: HostDetailModel }, [400, 401, 404]),
        detail: detail("getHost", "Get one host and what its agent is busy with"),
      },
    )
    .post(
      "/:id/token",
      async ({ caller, params, set }) => {
        requireAdmin(caller);
        const host = await requireHost(hosts, { id: hostIdOf(params), scope: scopeOf(caller) });
        set.status = 201;
        return await presentToken(await reissueToken(registration, caller, host));
      },
      {
        params: HostParams,
        response: withErrors({ 201: RegistrationModel }, [400, 401, 403, 404, 409]),
        detail: detail("issueHostToken", "Issue a new registration token; the ones before end"),
      },
    )
    .delete(
      "/:id",
      async ({ caller, params, query, set }) => {
        requireAdmin(caller);
        const host = await requireHost(hosts, { id: hostIdOf(params), scope: scopeOf(caller) });
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
