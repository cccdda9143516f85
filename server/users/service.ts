/** Signing up, in and out, and going on: every way to a user's token. */
import type { TeamRole } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { userActor } from "../audit/actor.ts";
import { record } from "../audit/record.ts";
import type { AuditSideChannel } from "../audit/side-channel.ts";
import { userEvents } from "../audit/user-events.ts";
import type { UserCaller } from "../auth/context.ts";
import type { Passwords } from "../auth/passwords.ts";
import type { BegunSession, Sessions } from "../auth/sessions.ts";
import type { Tokens } from "../auth/tokens.ts";
import { type ApiError, forbidden, unauthorized } from "../errors.ts";
import { notAMember, teamNotFound } from "../teams/errors.ts";
import { findMembership } from "../teams/store.ts";
import type { Accounts, SignupRequest } from "./accounts.ts";
import { chooseTeam, findUserByEmail, findUserById, lockUser } from "./store.ts";

/** Body of every answer that signs in. */
export interface SignedIn {
  token: string;
  expiresAt: Date;
  userId: string;
  teamId: string | null;
  email: string;
  name: string;
  role: TeamRole | null;
  isAdmin: boolean;
}

/** `refreshToken` null: leave the cookie as it is. */
export interface SignIn {
  answer: SignedIn;
  refreshToken: string | null;
}

export interface UserServiceDeps {
  sql: Sql;
  tokens: Tokens;
  passwords: Passwords;
  sessions: Sessions;
  accounts: Accounts;
  sideChannel: AuditSideChannel;
}

interface Person {
  userId: string;
  email: string;
  name: string;
  isAdmin: boolean;
}

const wrongCredentials = (): ApiError =>
  unauthorized("The e-mail address or the password is wrong.", "invalid_credentials");

export const createUserService = (deps: UserServiceDeps) => {
  const { sql, tokens, passwords, sessions, accounts, sideChannel } = deps;

  const issue = async (
    person: Person,
    session: { sessionId: string; team: { teamId: string; role: TeamRole } | null },
  ): Promise<SignedIn> => {
    const { userId, email, name, isAdmin } = person;
    const teamId = session.team?.teamId ?? null;
    const role = session.team?.role ?? null;
    const signed = await tokens.signUser({
      sub: userId,
      sid: session.sessionId,
      team_id: teamId,
      role,
      name,
      email,
      is_admin: isAdmin,
    });
    return { ...signed, userId, teamId, email, name, role, isAdmin };
  };

  const issueForChosenTeam = async (
    person: Person,
    session: { sessionId: string; wished: string | null },
  ): Promise<SignedIn> => {
    const found = await chooseTeam(sql, { userId: person.userId, wished: session.wished });
    const team = found === undefined ? null : { teamId: found.team_id, role: found.role };
    return issue(person, { sessionId: session.sessionId, team });
  };

  return {
    async signUp(request: SignupRequest & { userAgent: string | null }): Promise<SignIn> {
      let session: BegunSession | undefined;
      const account = await accounts.signUp(request, async (tx, { userId }) => {
        session = await sessions.begin(tx, { userId, userAgent: request.userAgent });
      });
      if (session === undefined) throw new Error("the account has no session");
      const team = { teamId: account.teamId, role: "owner" as const };
      return {
        answer: await issue(account, { sessionId: session.sessionId, team }),
        refreshToken: session.refreshToken,
      };
    },

    /** 401 `invalid_credentials` costs and says the same whether or not the account exists. */
    async logIn(request: { email: string; password: string; userAgent: string | null }): Promise<SignIn> {
      const email = request.email.trim().toLowerCase();
      const user = await findUserByEmail(sql, email);
      if (!(await passwords.verify(request.password, user?.password_hash ?? null))) {
        sideChannel.record(
          userEvents.loginFailed({ email, userId: user?.id ?? null, reason: "invalid_credentials" }),
        );
        throw wrongCredentials();
      }
      if (user === undefined) throw new Error("a password matched no account");
      if (user.is_disabled) {
        sideChannel.record(userEvents.loginFailed({ email, userId: user.id, reason: "account_disabled" }));
        throw forbidden("This account is disabled; ask an administrator.", "account_disabled");
      }
      const session = await sql.begin(async (tx) => {
        // Checking took a while: what ended all sessions meanwhile ends this one before it begins.
        const now = await lockUser(tx, user.id);
        if (now?.password_hash !== user.password_hash || now?.is_disabled) throw wrongCredentials();
        const begun = await sessions.begin(tx, { userId: user.id, userAgent: request.userAgent });
        await record(tx, userEvents.loggedIn({ actor: userActor(user.id, user.name), userId: user.id }));
        return begun;
      });
      const person = { userId: user.id, email: user.email, name: user.name, isAdmin: user.is_admin };
      const answer = await issueForChosenTeam(person, { sessionId: session.sessionId, wished: null });
      return { answer, refreshToken: session.refreshToken };
    },

    /** @param wished the tab's team, kept while the user is still in it. */
    async refresh(refreshToken: string, wished: string | null): Promise<SignIn> {
      const session = await sessions.refresh(refreshToken);
      const user = await findUserById(sql, session.userId);
      if (user === undefined) throw unauthorized("The session has ended. Sign in again.", "session_ended");
      const person = { userId: user.id, email: user.email, name: user.name, isAdmin: user.is_admin };
      const answer = await issueForChosenTeam(person, { sessionId: session.sessionId, wished });
      return { answer, refreshToken: session.refreshToken };
    },

    async logOut(refreshToken: string): Promise<void> {
      await sessions.end(refreshToken);
    },

    /** 404 for a team that is not there (any more), 403 for one the caller is not in. */
    async switchTeam(caller: UserCaller, teamId: string): Promise<SignedIn> {
      const found = await findMembership(sql, { teamId, userId: caller.userId });
      if (found === undefined) throw teamNotFound();
      if (found.role === null) throw notAMember();
      return issue(caller, { sessionId: caller.sessionId, team: { teamId, role: found.role } });
    },
  };
};

export type UserService = ReturnType<typeof createUserService>;
