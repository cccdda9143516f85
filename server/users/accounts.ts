/** Making accounts: by the person, with a password or a provider's word, and the configured administrator. */
import { isUniqueViolation } from "../../db/sql.ts";
import type { Sql, Tx } from "../../db/sql.ts";
import { newId } from "../../proto/ids.ts";
import { type Actor, userActor } from "../audit/actor.ts";
import { record } from "../audit/record.ts";
import { teamEvents } from "../audit/team-events.ts";
import { userEvents } from "../audit/user-events.ts";
import { checkPassword } from "../auth/passwords.ts";
import type { Passwords } from "../auth/passwords.ts";
import { equalSecrets } from "../auth/secrets.ts";
import type { ServerConfig } from "../config.ts";
import { type ApiError, conflict } from "../errors.ts";
import { insertMembership } from "../teams/members-store.ts";
import { firstTeamName } from "../teams/names.ts";
import { insertTeam } from "../teams/store.ts";
import { cleanEmail, cleanName, refuseSignup } from "./rules.ts";
import type { SignupSituation } from "./rules.ts";
import { claimFirstAccount, hasUsers, insertUser } from "./store.ts";

export interface NewAccount {
  userId: string;
  teamId: string;
  email: string;
  name: string;
  isAdmin: boolean;
}

export interface SignupRequest {
  email: string;
  password: string;
  name: string;
  setupCode: string | null;
}

/** Someone a provider vouches for. */
export interface ProvidedPerson {
  /** As accounts have them: the address in lower case, the name plain. */
  email: string;
  name: string;
  provider: string;
}

/** What else belongs to a new account. */
type InSameCommit = (tx: Tx, account: NewAccount) => Promise<void>;

export interface AccountDeps {
  sql: Sql;
  passwords: Passwords;
  config: Pick<ServerConfig, "isLoopback" | "signup">;
  setupCode: string;
}

const clean = (request: Pick<SignupRequest, "email" | "name" | "password">) => {
  const [email, name] = [cleanEmail(request.email), cleanName(request.name)];
  const refused = checkPassword(request.password, email);
  if (refused !== null) throw refused;
  return { email, name };
};

const emailTaken = (): ApiError =>
  conflict("email_taken", "There is an account with this address. Sign in instead.");

/** The account with its first team, inside the caller's transaction. */
const insertAccount = async (
  tx: Tx,
  account: { email: string; name: string; passwordHash: string | null; isAdmin: boolean },
): Promise<NewAccount> => {
  const [userId, teamId] = [newId(), newId()];
  await insertUser(tx, { id: userId, ...account });
  await insertTeam(tx, { id: teamId, name: firstTeamName(account.name) });
  await insertMembership(tx, { teamId, userId, role: "owner", isDefault: true });
  return { userId, teamId, email: account.email, name: account.name, isAdmin: account.isAdmin };
};

// Last in the transaction, the platform's chain after the team's own: everyone shares that one.
const recordAccount = async (tx: Tx, account: NewAccount & { provider?: string }): Promise<void> => {
  const actor = userActor(account.userId, account.name);
  await record(tx, teamEvents.created({ teamId: account.teamId, actor }));
  await record(tx, userEvents.signedUp({ ...account, actor }));
};

/** Throws why the policy does not allow it. */
const requireAllowed = (
  wanted: Pick<SignupSituation, "email" | "isFirst" | "setupCode">,
  { isLoopback, signup: policy }: AccountDeps["config"],
): void => {
  const refused = refuseSignup({ ...wanted, isLoopback, policy });
  if (refused !== null) throw refused;
};

/** An account as far as the sign-up policy allows it. Throws the refusal, or the unique violation. */
const makeAllowed = (
  request: {
    person: { email: string; name: string; passwordHash: string | null; provider?: string };
    setupCode: SignupSituation["setupCode"];
    inSameCommit: InSameCommit;
  },
  { sql, config }: Pick<AccountDeps, "sql" | "config">,
): Promise<NewAccount> => {
  const { person, setupCode, inSameCommit } = request;
  return sql.begin(async (tx) => {
    const isFirst = await claimFirstAccount(tx);
    requireAllowed({ email: person.email, isFirst, setupCode }, config);
    const account = await insertAccount(tx, { ...person, isAdmin: isFirst });
    await inSameCommit(tx, account);
    await recordAccount(tx, { ...account, provider: person.provider });
    return account;
  });
};

export const createAccounts = ({ sql, passwords, config, setupCode }: AccountDeps) => ({
  /**
   * Makes an account, its team and, by `inSameCommit`, what else belongs to it. The first one of an
   * instance becomes platform administrator. 403 by policy, 409 `email_taken`.
   */
  async signUp(request: SignupRequest, inSameCommit: InSameCommit): Promise<NewAccount> {
    const { email, name } = clean(request);
    const given = request.setupCode;
    const code = { given, matches: given !== null && equalSecrets(given.trim(), setupCode) };
    // Asked before the hash, which costs, and again when it counts.
    requireAllowed({ email, isFirst: !(await hasUsers(sql)), setupCode: code }, config);
    const person = { email, name, passwordHash: await passwords.hash(request.password) };
    try {
      return await makeAllowed({ person, setupCode: code, inSameCommit }, { sql, config });
    } catch (error) {
      if (isUniqueViolation(error, "users_email_key")) throw emailTaken();
      throw error;
    }
  },

  /**
   * The same for someone whom a provider vouches for: no password, and no way to give the set-up code. Who
   * comes second with an address gets the unique violation itself, to look again whose it is.
   */
  signUpProvided(provided: ProvidedPerson, inSameCommit: InSameCommit): Promise<NewAccount> {
    const person = { ...provided, passwordHash: null };
    const noCode = { given: null, matches: false };
    return makeAllowed({ person, setupCode: noCode, inSameCommit }, { sql, config });
  },

  /** By an administrator, whatever the policy; the account has no password yet. 409 `email_taken`. */
  async add(
    actor: Actor,
    request: { email: string; name: string; isAdmin: boolean },
    inSameCommit: InSameCommit,
  ): Promise<NewAccount> {
    const [email, name] = [cleanEmail(request.email), cleanName(request.name)];
    try {
      return await sql.begin(async (tx) => {
        const { isAdmin } = request;
        const account = await insertAccount(tx, { email, name, passwordHash: null, isAdmin });
        await inSameCommit(tx, account);
        await record(tx, teamEvents.created({ teamId: account.teamId, actor }));
        await record(tx, userEvents.added({ userId: account.userId, actor, email }));
        if (isAdmin) await record(tx, userEvents.adminGranted({ userId: account.userId, actor }));
        return account;
      });
    } catch (error) {
      throw isUniqueViolation(error, "users_email_key") ? emailTaken() : error;
    }
  },

  /** The configured administrator, when there is no account at all. Null when there is. */
  async ensureFirstAdmin(admin: { email: string; password: string }): Promise<NewAccount | null> {
    const request = { ...admin, name: admin.email.split("@")[0] || "Administrator" };
    const { email, name } = clean(request);
    const passwordHash = await passwords.hash(admin.password);
    return sql.begin(async (tx) => {
      if (!(await claimFirstAccount(tx))) return null;
      const account = await insertAccount(tx, { email, name, passwordHash, isAdmin: true });
      await recordAccount(tx, account);
      return account;
    });
  },
});

export type Accounts = ReturnType<typeof createAccounts>;
