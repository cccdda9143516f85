/** The people of the session's team, and what can be done with them. */
import { call } from "../api.ts";
import type { Item } from "../api/routes.ts";
import { LiveList } from "./live-list.ts";
import { session } from "./session.ts";

export type Member = Item<"GET /v1/teams/:id/members">;
export type Role = Member["role"];
/** What one can be made; an owner is made by a transfer alone. */
export type GrantedRole = Exclude<Role, "owner">;

const RANK: Record<Role, number> = { owner: 0, admin: 1, member: 2 };

const ofTeam = (): { id: string } => ({ id: session.person?.teamId ?? "" });

const page = (cursor: string | undefined) =>
  call("GET /v1/teams/:id/members", { params: ofTeam(), query: { limit: 200, cursor } });

/** One cannot be asked for alone. */
const findMember = async (id: string): Promise<Member | null> => {
  let cursor: string | undefined;
  do {
    const { items, next_cursor: next } = await page(cursor);
    const found = items.find(({ user_id: userId }) => userId === id);
    if (found) return found;
    cursor = next ?? undefined;
  } while (cursor !== undefined);
  return null;
};

export const members = new LiveList<Member>({
  kinds: ["member"],
  page,
  one: findMember,
  idOf: ({ user_id: id }) => id,
  compare: (one, other) =>
    RANK[one.role] - RANK[other.role] ||
    one.name.localeCompare(other.name) ||
    one.user_id.localeCompare(other.user_id),
});

export const addMember = async (email: string, role: GrantedRole): Promise<Member> => {
  const member = await call("POST /v1/teams/:id/members", { params: ofTeam(), body: { email, role } });
  members.learn(member);
  return member;
};

export const setMemberRole = async (userId: string, role: GrantedRole): Promise<void> => {
  members.learn(
    await call("PATCH /v1/teams/:id/members/:user_id", {
      params: { ...ofTeam(), user_id: userId },
      body: { role },
    }),
  );
};

export const removeMember = async (userId: string): Promise<void> => {
  await call("DELETE /v1/teams/:id/members/:user_id", { params: { ...ofTeam(), user_id: userId } });
  members.forget(userId);
};

/** Accounts whose address begins so. */
export const searchUsers = async (email: string, signal: AbortSignal): Promise<readonly string[]> => {
  const { items } = await call("GET /v1/users/search", { query: { email }, signal });
  return items.map((found) => found.email);
};
