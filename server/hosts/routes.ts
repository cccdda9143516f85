/** `/v1/hosts` for people: add a machine, see hosts, issue a new token. */
import { Elysia, t } from "elysia";

import { HOST_TYPES } from "../../db/constants.ts";
import { formatSandboxId, isUuid, parseHostId, parseTeamId } from "../../proto/ids.ts";
import { USER } from "../docs/security.ts";
import { decodeCursor, toPage } from "../http/cursors.ts";
import { withErrors } from "../http/error-responses.ts";
import { DEFAULT_PAGE, pageOf, PageQuery, Timestamp, wordOf } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import { requireChangeable, requireHost } from "./access.ts";
import { joinCommand } from "./join-command.ts";
import { createHost, type IssuedToken, reissueToken } from "./joining.ts";
import { HostDetailModel, HostModel, presentHost } from "./present.ts";
import { listStrangersOf } from "./quarantine-store.ts";
import { askWork, heldTemplates } from "./service.ts";
import { countSandboxesOn, listHosts } from "./store.ts";

const NewHost = t.Object({
  name: t.String({ minLength: 1, maxLength: 100 }),
  type: t.Optional(wordOf(HOST_TYPES)),
  team_id: t.Optional(
    t.String({ description: "Whose own a byoc host is; the token's team unless a platform admin says so" }),
  ),
  provider: t.Optional(t.String({ maxLength: 100 })),
  availability_zone: t.Optional(t.String({ maxLength: 100 })),
});

const RegistrationModel = t.Object({
  token: t.String({ description: "Works once; shown this once" }),
  expires_at: Timestamp,
  command: t.String({ description: "To be run on the machine, as root" }),
});

export const HostParams = t.Object({ id: t.String({ description: "Host id" }) });
export const hostIdOf = ({ id }: { id: string }): string => readId(parseHostId, "id", id);

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["hosts"],
  security: USER,
});

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
        const { host, issued } = await createHost(registration, caller, {
          name: body.name,
          type: body.type ?? "regular",
          teamId: body.team_id === undefined ? null : readId(parseTeamId, "team_id", body.team_id),
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
          [400, 401, 403, 404, 429],
        ),
        detail: detail(
          "createHost",
          "Add a host, of a team or the platform; its machine joins with the token",
        ),
      },
    )
    .get(
      "",
      async ({ caller, query: { limit = DEFAULT_PAGE, cursor } }) => {
        const [afterId = null] = cursor === undefined ? [] : decodeCursor(cursor, 1, isUuid);
        const scope = { teamId: caller.teamId, regular: caller.isAdmin };
        const rows = await listHosts(hosts.sql, { scope, afterId, limit: limit + 1 });
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
        const { sql } = hosts;
        const host = await requireHost(sql, caller, hostIdOf(params));
        const [work, templates, sandboxes, strangers] = await Promise.all([
          askWork(hosts, host),
          heldTemplates(hosts, host),
          countSandboxesOn(sql, host.id),
          caller.isAdmin ? listStrangersOf(sql, host.id) : [],
        ]);
        return {
          ...presentHost(host),
          work,
          templates,
          sandboxes,
          quarantined: strangers.map(formatSandboxId),
        };
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
        const wanted = { id: hostIdOf(params), what: "issue tokens for hosts" };
        const host = await requireChangeable(hosts.sql, caller, wanted);
        set.status = 201;
        return await presentToken(await reissueToken(registration, caller, host));
      },
      {
        params: HostParams,
        response: withErrors({ 201: RegistrationModel }, [400, 401, 403, 404, 409]),
        detail: detail("issueHostToken", "Issue a new registration token; the ones before end"),
      },
    );
};
