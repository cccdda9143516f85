/** What people change about their own account: name and password. */
import type { Sql, Tx } from "../../db/sql.ts";
import { record } from "../audit/record.ts";
import type { AuditSideChannel } from "../audit/side-channel.ts";
import { userEvents } from "../audit/user-events.ts";
import type { UserCaller } from "../auth/context.ts";
import { checkPassword, type Passwords } from "../auth/passwords.ts";
import { isSessionLive, revokeSessions } from "../auth/sessions-store.ts";
import { type ApiError, forbidden, unauthorized } from "../errors.ts";
import { endLinks } from "./links-store.ts";
import { cleanName } from "./rules.ts";
import { findUserById, lockUser, setName, setPassword } from "./store.ts";

interface ProfileDeps {
  sql: Sql;
  passwords: Passwords;
  sideChannel: AuditSideChannel;
}

// Not 401: the session is fine, and a client would try to refresh it.
const wrongPassword = (): ApiError =>
  forbidden("current_password: this is not your password.", "wrong_password");

export const createProfileService = ({ sql, passwords, sideChannel }: ProfileDeps) => ({
  /** The name as it was stored. 400 for one that does not show. */
  async rename({ userId }: Pick<UserCaller, "userId">, wanted: string): Promise<string> {
    const name = cleanName(wanted);
    await setName(sql, { id: userId, name });
    return name;
  },

  /**
   * A new password, and the end of all other sessions. `current` null is for accounts without one.
   * @throws ApiError 403 `wrong_password`, 400 for one that is not accepted, 503 `busy`.
   */
  async changePassword(
    caller: Pick<UserCaller, "userId" | "sessionId" | "actor">,
    { current, wanted }: { current: string | null; wanted: string },
  ): Promise<void> {
    const { userId, sessionId, actor } = caller;
    const user = await findUserById(sql, userId);
    if (user === undefined) throw unauthorized("The session has ended. Sign in again.");
    const refused = checkPassword(wanted, user.email, "new_password");
    if (refused !== null) throw refused;
    if (user.password_hash !== null && !(await passwords.verify(current ?? "", user.password_hash))) {
      sideChannel.record(
        userEvents.loginFailed({ email: user.email, userId, reason: "wrong_current_password" }),
      );
      throw wrongPassword();
    }
    const passwordHash = await passwords.hash(wanted);
    await sql.begin(async (tx: Tx) => {
      const now = await lockUser(tx, userId);
      // Hashing took a while: what ended this session meanwhile ends this too.
      const isLive = await isSessionLive(tx, { userId, familyId: sessionId });
      if (now === undefined || now.is_disabled || !isLive) {
        throw unauthorized("The session has ended. Sign in again.");
      }
      // Someone else was faster, with the same old password.
      if (now.password_hash !== user.password_hash) throw wrongPassword();
      await setPassword(tx, { id: userId, passwordHash });
      await revokeSessions(tx, { userId, exceptId: sessionId });
      await endLinks(tx, userId);
      await record(tx, userEvents.passwordChanged({ actor, userId }));
    });
  },
});

export type ProfileService = ReturnType<typeof createProfileService>;
