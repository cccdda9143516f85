/**
 * A team's people: added, given roles, removed, gone. Every change holds the team's lock and reads the
 * roles under it, so that what is decided on is true when it is done.
 */
import type { TeamRole } from "../../db/constants.ts";
import { isUniqueViolation, type Sql, type Tx } from "../../db/sql.ts";
import { isUuid } from "../../proto/ids.ts";
import { memberEvents } from "../audit/member-events.ts";
import { record } from "../audit/record.ts";
import type { TeamCaller } from "../auth/context.ts";
import { notFound } from "../errors.ts";
import { decodeCursor, type Page, toPage } from "../http/cursors.ts";
import { findUserByEmail } from "../users/store.ts";
import { alreadyMember, memberNotFound, notAMember, ownerProtected, teamNotFound } from "./errors.ts";
import {
  deleteMembership,
  findMember,
  insertMembership,
  listMembers,
  type Member,
  setRole,
} from "./members-store.ts";
import { refuseMemberChange, requireRole } from "./roles.ts";
import { lockTeam } from "./store.ts";

type Caller = Pick<TeamCaller, "teamId" | "userId" | "actor">;
/** What a role may become; owners are made by a transfer. */
export type GrantedRole = Exclude<TeamRole, "owner">;

/** The caller's own membership, under the team's lock. */
const lockOwn = async (tx: Tx, { teamId, userId }: Caller): Promise<Member> => {
  if ((await lockTeam(tx, teamId)) === undefined) throw teamNotFound();
  const own = await findMember(tx, { teamId, userId });
  if (own === undefined) throw notAMember();
  return own;
};

/** Someone whose membership the caller may change. @param what as in "Only … may {what}". */
const lockTarget = async (tx: Tx, caller: Caller, userId: string, what: string): Promise<Member> => {
  const own = await lockOwn(tx, caller);
  const target = await findMember(tx, { teamId: caller.teamId, userId });
  const refused = refuseMemberChange({ actor: own.role, target: target?.role ?? "member", what });
  if (refused !== null) throw refused;
  if (target === undefined) throw memberNotFound();
  return target;
};

export const createMemberService = (sql: Sql) => ({
  async list(teamId: string, page: { cursor?: string; limit: number }): Promise<Page<Member>> {
    const [afterId = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, 1, isUuid);
    const rows = await listMembers(sql, { teamId, afterId, limit: page.limit + 1 });
    return toPage(rows, page.limit, ({ userId }) => [userId]);
  },

  /**
   * Someone who has an account already.
   * @throws ApiError 403 `role_required`, 404 `user_not_found`, 409 `already_member`.
   */
  async add(caller: Caller, request: { email: string; role: GrantedRole }): Promise<Member> {
    const { teamId, actor } = caller;
    const { role } = request;
    const email = request.email.trim().toLowerCase();
    try {
      return await sql.begin(async (tx: Tx) => {
        const own = await lockOwn(tx, caller);
        requireRole(own.role, "admin", "add members");
        const user = await findUserByEmail(tx, email);
        if (user === undefined || user.is_disabled) {
          throw notFound("user_not_found", "No account has this address; its person must sign up first.");
        }
        await insertMembership(tx, { teamId, userId: user.id, role, isDefault: false });
        const member = await findMember(tx, { teamId, userId: user.id });
        if (member === undefined) throw new Error("the new membership was not found");
        await record(tx, memberEvents.added({ teamId, actor, userId: user.id, email, role }));
        return member;
      });
    } catch (error) {
      throw isUniqueViolation(error, "memberships_pkey") ? alreadyMember() : error;
    }
  },

  /** @throws ApiError 403 `role_required`, 404 `member_not_found`, 409 `owner_protected`. */
  setRole(caller: Caller, { userId, role }: { userId: string; role: GrantedRole }): Promise<Member> {
    const { teamId, actor } = caller;
    return sql.begin(async (tx: Tx) => {
      const target = await lockTarget(tx, caller, userId, "change roles");
      if (target.role === role) return target;
      await setRole(tx, { teamId, userId, role });
      await record(tx, memberEvents.roleUpdated({ teamId, actor, userId, newRole: role }));
      return { ...target, role };
    });
  },

  /** @throws ApiError 403 `role_required`, 404 `member_not_found`, 409 `owner_protected`. */
  async remove(caller: Caller, userId: string): Promise<void> {
    const { teamId, actor } = caller;
    await sql.begin(async (tx: Tx) => {
      const { email } = await lockTarget(tx, caller, userId, "remove members");
      const keysRevoked = await deleteMembership(tx, { teamId, userId });
      await record(tx, memberEvents.removed({ teamId, actor, userId, email, keysRevoked }));
    });
  },

  /** @throws ApiError 409 `owner_protected`. */
  async leave(caller: Caller): Promise<void> {
    const { teamId, userId, actor } = caller;
    await sql.begin(async (tx: Tx) => {
      const { email, role } = await lockOwn(tx, caller);
      if (role === "owner") throw ownerProtected();
      const keysRevoked = await deleteMembership(tx, { teamId, userId });
      await record(tx, memberEvents.left({ teamId, actor, userId, email, keysRevoked }));
    });
  },
});

export type MemberService = ReturnType<typeof createMemberService>;
