/** Every account of the instance, for platform admins. */
import { call } from "../api.ts";
import type { Answer, Body, Item } from "../api/routes.ts";
import { adminEvents } from "./events.ts";
import { LiveList } from "./live-list.ts";

export type Account = Item<"GET /v1/admin/users">;
export type NewAccount = Body<"POST /v1/admin/users">;
/** To set a password with; shown once. */
export type PasswordLink = Answer<"POST /v1/admin/users/:id/reset-link">;

export const accounts = new LiveList<Account>({
  events: adminEvents,
  kinds: ["user"],
  page: (cursor) => call("GET /v1/admin/users", { query: { limit: 200, cursor } }),
  // Events bring the account as it is.
  one: () => Promise.resolve(null),
  idOf: ({ id }) => id,
  compare: (one, other) => other.created_at.localeCompare(one.created_at) || other.id.localeCompare(one.id),
});

export const addAccount = async (body: NewAccount): Promise<PasswordLink> => {
  const { user, link } = await call("POST /v1/admin/users", { body });
  accounts.learn(user);
  return link;
};

export const changeAccount = async ({ id }: Account, body: Body<"PUT /v1/admin/users/:id">): Promise<void> =>
  accounts.learn(await call("PUT /v1/admin/users/:id", { params: { id }, body }));

export const issueResetLink = ({ id }: Account): Promise<PasswordLink> =>
  call("POST /v1/admin/users/:id/reset-link", { params: { id } });
