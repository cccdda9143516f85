/** API keys as the API shows them. */
import { type Static, t } from "elysia";

import { formatKeyId, formatUserId } from "../../proto/ids.ts";
import { ApiKeyScopeWord, nullable, Timestamp } from "../http/schemas.ts";
import type { ApiKeyRow } from "./store.ts";

const fields = {
  id: t.String({ examples: ["key-0198c0de-0000-7000-8000-000000000001"] }),
  name: t.String(),
  key_prefix: t.String({ description: "The first characters of the key." }),
  scopes: t.Array(ApiKeyScopeWord),
  created_by: t.String(),
  last_used_at: nullable(Timestamp),
  expires_at: nullable(Timestamp),
  created_at: Timestamp,
};

export const ApiKeyModel = t.Object(fields);
export const NewApiKeyModel = t.Object({ ...fields, key: t.String({ description: "Shown this once." }) });

export const presentKey = (row: ApiKeyRow): Static<typeof ApiKeyModel> => ({
  id: formatKeyId(row.id),
  name: row.name,
  key_prefix: row.key_prefix,
  scopes: row.scopes,
  created_by: formatUserId(row.created_by),
  last_used_at: row.last_used_at?.toISOString() ?? null,
  expires_at: row.expires_at?.toISOString() ?? null,
  created_at: row.created_at.toISOString(),
});
