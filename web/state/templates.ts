/** What sandboxes can start from: the team's templates and the platform's. */
import { call } from "../api.ts";
import { ApiFailure } from "../api/failure.ts";
import type { Item } from "../api/routes.ts";
import { LiveList } from "./live-list.ts";

export type Template = Item<"GET /v1/templates">;

export const templates = new LiveList<Template>({
  kinds: ["template"],
  page: (cursor) => call("GET /v1/templates", { query: { limit: 200, cursor } }),
  // Templates are asked for by name: the list is short enough to be read again.
  one: async (id) => {
    const { items } = await call("GET /v1/templates", { query: { limit: 200 } });
    return items.find((template) => template.id === id) ?? null;
  },
  idOf: ({ id }) => id,
  compare: (one, other) => one.name.localeCompare(other.name),
});

export const deleteTemplate = async ({ id, name }: Template): Promise<void> => {
  await call("DELETE /v1/snapshots/:name", { params: { name } }).catch((error: unknown) => {
    // Somebody else was quicker.
    if (!(error instanceof ApiFailure) || error.status !== 404) throw error;
  });
  templates.forget(id);
};
