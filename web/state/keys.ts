/** The team's API keys. */
import { call } from "../api.ts";
import { ApiFailure } from "../api/failure.ts";
import type { Answer, Body, Item } from "../api/routes.ts";
import { LiveList } from "./live-list.ts";

export type ApiKey = Item<"GET /v1/api-keys">;
export type Scope = ApiKey["scopes"][number];
/** With its text, which no other answer has. */
export type NewApiKey = Answer<"POST /v1/api-keys">;
export type CreateKey = Body<"POST /v1/api-keys">;

const page = (cursor: string | undefined) => call("GET /v1/api-keys", { query: { limit: 200, cursor } });

/** One cannot be asked for alone. */
const findKey = async (id: string): Promise<ApiKey | null> => {
  let cursor: string | undefined;
  do {
    const { items, next_cursor: next } = await page(cursor);
    const found = items.find((key) => key.id === id);
    if (found) return found;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return null;
};

export const keys = new LiveList<ApiKey>({
  kinds: ["key"],
  page,
  one: findKey,
  idOf: ({ id }) => id,
  compare: (one, other) => other.created_at.localeCompare(one.created_at) || other.id.localeCompare(one.id),
});

export const createKey = async (body: CreateKey): Promise<NewApiKey> => {
  const made = await call("POST /v1/api-keys", { body });
  // The list has no use for the secret.
  const { key: _, ...listed } = made;
  keys.learn(listed);
  return made;
};

export const revokeKey = async (id: string): Promise<void> => {
  await call("DELETE /v1/api-keys/:key_id", { params: { key_id: id } }).catch((error: unknown) => {
    // Somebody else was quicker.
    if (!(error instanceof ApiFailure) || error.status !== 404) throw error;
  });
  keys.forget(id);
};
