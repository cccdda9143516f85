/** What platform admins do with accounts: see them, make them, change them, hand out links. */
import type { Sql, Tx } from "../../db/sql.ts";
import { isUuid } from "../../proto/ids.ts";
import type { AuditEntry } from "../audit/entry.ts";
import { record } from "../audit/record.ts";
import { userEvents } from "../audit/user-events.ts";
import type { UserCaller } from "../auth/context.ts";
import { revokeSessions } from "../auth/sessions-store.ts";
import { adminOnly, type ApiError, conflict, notFound } from "../errors.ts";
import { decodeCursor, type Page, toPage } from "../http/cursors.ts";
import type { Accounts } from "./accounts.ts";
import { type AnyUser, findAnyUser, keepAdmin, listAllUsers, lockAdmins } from "./administration-store.ts";
import { endLinks } from "./links-store.ts";
import type { IssuedLink, Links } from "./links.ts";
import { cleanName } from "./rules.ts";
import { lockUser, setAdmin, setDisabled, setName, type UserRow } from "./store.ts";

type Admin = Pick<UserCaller, "userId" | "actor">;

/** What is absent stays. */
export interface UserChange {
  name?: string;
  isAdmin?: boolean;
  isDisabled?: boolean;
}

const userNotFound = (): ApiError => notFound("user_not_found", "There is no such account.");

const lastAdmin = (): ApiError =>
  conflict(
    "last_admin",
    "No other administrator can sign in; make someone one who has a password or a provider's login.",
  );

/** First in a transaction: what the guard allowed is still allowed, until the commit. */
const requireAdmin = async (tx: Tx, { userId }: Admin): Promise<void> => {
  if (!(await keepAdmin(tx, userId))) throw adminOnly();
};

/** Carries a change out; what the trail is to tell of it. */
const apply = async (
  tx: Tx,
  { actor }: Admin,
  { user, change }: { user: UserRow; change: UserChange },
): Promise<AuditEntry[]> => {
  const { id } = user;
  const event = { actor, userId: id };
  const entries: AuditEntry[] = [];
  if (change.name !== undefined) await setName(tx, { id, name: change.name });
  if (change.isAdmin !== undefined && change.isAdmin !== user.is_admin) {
    await setAdmin(tx, { id, isAdmin: change.isAdmin });
    entries.push(change.isAdmin ? userEvents.adminGranted(event) : userEvents.adminRevoked(event));
  }
  if (change.isDisabled !== undefined && change.isDisabled !== user.is_disabled) {
    await setDisabled(tx, { id, isDisabled: change.isDisabled });
    entries.push(change.isDisabled ? userEvents.disabled(event) : userEvents.enabled(event));
    if (change.isDisabled) {
      await revokeSessions(tx, { userId: id });
      await endLinks(tx, id);
    }
  }
  return entries;
};

export const createUserAdministration = (deps: { sql: Sql; accounts: Accounts; links: Links }) => {
  const { sql, accounts, links } = deps;

  const requireAny = async (id: string): Promise<AnyUser> => {
    const user = await findAnyUser(sql, id);
    if (user === undefined) throw userNotFound();
    return user;
  };

  return {
    async list(page: { email?: string; cursor?: string; limit: number }): Promise<Page<AnyUser>> {
      const [beforeId = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, 1, isUuid);
      const prefix = page.email?.trim().toLowerCase() ?? null;
      const rows = await listAllUsers(sql, { prefix, beforeId, limit: page.limit + 1 });
      return toPage(rows, page.limit, ({ id }) => [id]);
    },

    /** An account without a password, and the link to set one. 409 `email_taken`. */
    async add(
      admin: Admin,
      request: { email: string; name: string; isAdmin: boolean },
    ): Promise<{ user: AnyUser; link: IssuedLink }> {
      let link: IssuedLink | undefined;
      const { userId } = await accounts.add(admin.actor, request, async (tx, account) => {
        await requireAdmin(tx, admin);
        link = await links.issue(tx, account.userId);
      });
      if (link === undefined) throw new Error("the new account has no link");
      return { user: await requireAny(userId), link };
    },

    /** @throws ApiError 404 `user_not_found`, 409 `last_admin`, 400 for a name that does not show. */
    async update(admin: Admin, { id, change }: { id: string; change: UserChange }): Promise<AnyUser> {
      const name = change.name === undefined ? undefined : cleanName(change.name);
      await sql.begin(async (tx: Tx) => {
        const admins = await lockAdmins(tx);
        if (!admins.some((one) => one.id === admin.userId)) throw adminOnly();
        const user = await lockUser(tx, id);
        if (user === undefined) throw userNotFound();
        const actsNow = user.is_admin && !user.is_disabled;
        const actsThen = (change.isAdmin ?? user.is_admin) && !(change.isDisabled ?? user.is_disabled);
        const hasOther = admins.some((one) => one.id !== id && one.canSignIn);
        if (actsNow && !actsThen && !hasOther) throw lastAdmin();
        for (const entry of await apply(tx, admin, { user, change: { ...change, name } })) {
          await record(tx, entry);
        }
      });
      return requireAny(id);
    },

    /** A link to set a password; the ones before end. @throws ApiError 404, 409 `user_disabled`. */
    issueResetLink(admin: Admin, id: string): Promise<IssuedLink> {
      return sql.begin(async (tx: Tx) => {
        await requireAdmin(tx, admin);
        const user = await lockUser(tx, id);
        if (user === undefined) throw userNotFound();
        if (user.is_disabled) throw conflict("user_disabled", "This account is disabled; enable it first.");
        const link = await links.issue(tx, id);
        await record(tx, userEvents.resetLinkIssued({ actor: admin.actor, userId: id }));
        return link;
      });
    },
  };
};

export type UserAdministration = ReturnType<typeof createUserAdministration>;
