/** What an operator may do on the server's own machine, with no account: the database is the authority. */
import type { Sql } from "../../db/sql.ts";
import { parseTeamId } from "../../proto/ids.ts";
import { SYSTEM } from "../audit/actor.ts";
import { record } from "../audit/record.ts";
import { userEvents } from "../audit/user-events.ts";
import { Passwords } from "../auth/passwords.ts";
import { randomHex } from "../auth/secrets.ts";
import { revokeSessions } from "../auth/sessions-store.ts";
import { notFound } from "../errors.ts";
import { readId } from "../http/wire-ids.ts";
import { createKeyService } from "../keys/service.ts";
import { findMembership } from "../teams/store.ts";
import { endLinks } from "../users/links-store.ts";
import { chooseTeam, findUserByEmail, lockUser, setAdmin, setPassword } from "../users/store.ts";
import type { UserRow } from "../users/store.ts";

const PASSWORD_BYTES = 12;

const requireUser = async (sql: Sql, email: string): Promise<UserRow> => {
  const user = await findUserByEmail(sql, email);
  if (user === undefined) throw notFound("user_not_found", `There is no account ${email}.`);
  return user;
};

/** Gives the account a new random password, ends its sessions, and returns the password. */
export const resetPassword = async (sql: Sql, email: string): Promise<string> => {
  const user = await requireUser(sql, email);
  const password = randomHex(PASSWORD_BYTES);
  const passwordHash = await new Passwords().hash(password);
  await sql.begin(async (tx) => {
    await lockUser(tx, user.id);
    await setPassword(tx, { id: user.id, passwordHash });
    await revokeSessions(tx, { userId: user.id });
    await endLinks(tx, user.id);
    await record(tx, userEvents.passwordChanged({ actor: SYSTEM, userId: user.id }));
  });
  return password;
};

/** A new API key of this account, in `team` (`team-…`) or else in its default team. */
export const createKeyFor = async (
  sql: Sql,
  request: { email: string; name: string; team?: string },
): Promise<string> => {
  const user = await requireUser(sql, request.email);
  const wished = request.team === undefined ? null : readId(parseTeamId, "team", request.team);
  if (wished !== null) {
    const found = await findMembership(sql, { teamId: wished, userId: user.id });
    if (!found?.role) {
      throw notFound("team_not_found", `${request.email} is in no live team ${request.team}.`);
    }
  }
  const team = await chooseTeam(sql, { userId: user.id, wished });
  if (team === undefined) throw notFound("team_not_found", `${request.email} is in no live team.`);
  const maker = { teamId: team.team_id, userId: user.id, actor: SYSTEM };
  const { key } = await createKeyService(sql).create(maker, { name: request.name });
  return key;
};

/** Makes the account a platform administrator. */
export const grantAdmin = async (sql: Sql, email: string): Promise<void> => {
  const user = await requireUser(sql, email);
  await sql.begin(async (tx) => {
    await setAdmin(tx, { id: user.id, isAdmin: true });
    await record(tx, userEvents.adminGranted({ actor: SYSTEM, userId: user.id }));
  });
};
