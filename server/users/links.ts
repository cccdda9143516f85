/**
 * One-time links to set a password: handed out by an administrator, so that no mail server is needed. The
 * token stands behind the `#`, which browsers send to nobody.
 */
import type { Sql, Tx } from "../../db/sql.ts";
import { newId } from "../../proto/ids.ts";
import { userActor } from "../audit/actor.ts";
import { record } from "../audit/record.ts";
import { userEvents } from "../audit/user-events.ts";
import { checkPassword, type Passwords } from "../auth/passwords.ts";
import { randomHex, sha256 } from "../auth/secrets.ts";
import { revokeSessions } from "../auth/sessions-store.ts";
import { type ApiError, unauthorized } from "../errors.ts";
import { consumeLink, endLinks, findLink, insertLink } from "./links-store.ts";
import { lockUser, setPassword } from "./store.ts";

const LINK_SEC = 24 * 3600;

/** The link's token exists only here. */
export interface IssuedLink {
  url: string;
  token: string;
  expiresAt: Date;
}

const invalidLink = (): ApiError =>
  unauthorized("The link is unknown, used or expired; ask an administrator for a new one.", "invalid_link");

export const createLinks = (deps: { sql: Sql; passwords: Passwords; publicUrl: string }) => ({
  /** A link for this account; the ones before end. Inside the transaction of whatever it is for. */
  async issue(tx: Tx, userId: string): Promise<IssuedLink> {
    const token = randomHex(32);
    const expiresAt = new Date(Date.now() + LINK_SEC * 1000);
    await insertLink(tx, { id: newId(), userId, tokenHash: sha256(token), expiresAt });
    return { url: `${deps.publicUrl}/set-password#${token}`, token, expiresAt };
  },

  /**
   * Uses a link up: the account has this password, and no session any more.
   * @throws ApiError 401 `invalid_link`, 400 for a password that is not accepted, 503 `busy`.
   */
  async setPassword({ token, password }: { token: string; password: string }): Promise<void> {
    const { sql, passwords } = deps;
    const tokenHash = sha256(token);
    const link = await findLink(sql, tokenHash);
    if (link === undefined) throw invalidLink();
    const { userId } = link;
    const refused = checkPassword(password, link.email);
    if (refused !== null) throw refused;
    const passwordHash = await passwords.hash(password);
    await sql.begin(async (tx: Tx) => {
      // The account first, as everywhere: a lock taken the other way round could wait for ever.
      const user = await lockUser(tx, userId);
      if (user === undefined || user.is_disabled || !(await consumeLink(tx, tokenHash))) {
        throw invalidLink();
      }
      await setPassword(tx, { id: userId, passwordHash });
      await revokeSessions(tx, { userId });
      await endLinks(tx, userId);
      await record(tx, userEvents.passwordChanged({ actor: userActor(userId, user.name), userId }));
    });
  },
});

export type Links = ReturnType<typeof createLinks>;
