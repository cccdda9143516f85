/** `/v1/api-keys`. */
import { Elysia, t } from "elysia";

import { API_KEY_SCOPES } from "../../db/constants.ts";
import { parseKeyId } from "../../proto/ids.ts";
import { USER } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { ApiKeyScopeWord, DEFAULT_PAGE, nullable, pageOf, PageQuery, Timestamp } from "../http/schemas.ts";
import { readId } from "../http/wire-ids.ts";
import type { Services } from "../services.ts";
import { ApiKeyModel, NewApiKeyModel, presentKey } from "./present.ts";

const ApiKeyRequest = t.Object({
  name: t.String({ minLength: 1, maxLength: 100 }),
  scopes: t.Optional(
    t.Array(ApiKeyScopeWord, { minItems: 1, maxItems: API_KEY_SCOPES.length, uniqueItems: true }),
  ),
  expires_at: t.Optional(nullable(Timestamp)),
});

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["api keys"],
  security: USER,
});

export const keyRoutes = ({ guards, keys }: Services) =>
  new Elysia({ prefix: "/v1/api-keys", normalize: false })
    .derive(guards.team)
    .post(
      "",
      async ({ caller, body, set }) => {
        const expiresAt = body.expires_at ? new Date(body.expires_at) : null;
        const { key, row } = await keys.create(caller, { ...body, expiresAt });
        set.status = 201;
        return { ...presentKey(row), key };
      },
      {
        body: ApiKeyRequest,
        response: withErrors({ 201: NewApiKeyModel }, [400, 401, 403]),
        detail: detail("createApiKey", "Make an API key"),
      },
    )
    .get(
      "",
      async ({ caller, query }) => {
        const page = await keys.list(caller.teamId, { ...query, limit: query.limit ?? DEFAULT_PAGE });
        return { ...page, items: page.items.map(presentKey) };
      },
      {
        query: t.Object(PageQuery),
        response: withErrors({ 200: pageOf(ApiKeyModel) }, [400, 401, 403]),
        detail: detail("listApiKeys", "List the team's API keys"),
      },
    )
    .delete(
      "/:key_id",
      async ({ caller, params, set }) => {
        await keys.revoke(caller, readId(parseKeyId, "key_id", params.key_id));
        set.status = 204;
      },
      {
        params: t.Object({ key_id: t.String() }),
        response: withErrors({ 204: t.Void() }, [400, 401, 403, 404]),
        detail: detail("revokeApiKey", "Revoke an API key"),
      },
    );
