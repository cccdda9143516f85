/** A person's identities at providers: listed, and given up. */
import type { Sql } from "../../db/sql.ts";
import { record } from "../audit/record.ts";
import { userEvents } from "../audit/user-events.ts";
import type { UserCaller } from "../auth/context.ts";
import { conflict, notFound } from "../errors.ts";
import { lockUser } from "../users/store.ts";
import { deleteIdentity, listIdentities } from "./store.ts";
import type { IdentityRow } from "./store.ts";

export interface IdentityDeps {
  sql: Sql;
  /** Providers that are set up now: only these still let anyone in. */
  providerIds: ReadonlySet<string>;
}

export const createIdentities = ({ sql, providerIds }: IdentityDeps) => ({
  list: (userId: string): Promise<IdentityRow[]> => listIdentities(sql, userId),

  /** 404 when there is none, 409 `last_login_method` when the account could not be signed in to any more. */
  async unlink(caller: Pick<UserCaller, "userId" | "actor">, provider: string): Promise<void> {
    const { userId, actor } = caller;
    await sql.begin(async (tx) => {
      // Ways to sign in are taken from an account one at a time.
      const hasPassword = (await lockUser(tx, userId))?.password_hash != null;
      const identities = await listIdentities(tx, userId);
      if (!identities.some((one) => one.provider === provider)) {
        throw notFound("identity_not_found", "Your account is not connected to this provider.");
      }
      const others = identities.filter((one) => one.provider !== provider && providerIds.has(one.provider));
      if (!hasPassword && others.length === 0) {
        throw conflict(
          "last_login_method",
          "This is the only way to sign in to your account. Set a password or connect another provider first.",
        );
      }
      await deleteIdentity(tx, { userId, provider });
      await record(tx, userEvents.identityUnlinked({ userId, actor, provider }));
    });
  },
});

export type Identities = ReturnType<typeof createIdentities>;
