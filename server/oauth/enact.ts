/** What was decided about a person, done: each in one transaction with its audit rows. */
import type { OauthIntent } from "../../db/constants.ts";
import type { Sql, Tx } from "../../db/sql.ts";
import { userActor } from "../audit/actor.ts";
import { record } from "../audit/record.ts";
import { userEvents } from "../audit/user-events.ts";
import { isSessionLive } from "../auth/sessions-store.ts";
import type { Sessions } from "../auth/sessions.ts";
import type { Accounts } from "../users/accounts.ts";
import { lockUser } from "../users/store.ts";
import { refusal } from "./error-words.ts";
import type { Account } from "./outcome.ts";
import { chooseName } from "./person.ts";
import type { Profile } from "./provider.ts";
import { insertIdentity, type Linker } from "./store.ts";

export interface EnactDeps {
  sql: Sql;
  accounts: Accounts;
  sessions: Sessions;
}

/** Someone who came back from a provider. */
export interface Arrival {
  provider: string;
  profile: Profile;
  intent: OauthIntent;
  /** Who asked for a link; else null. */
  linker: Linker | null;
  userAgent: string | null;
}

/** The first two give the refresh token of a new session; all may throw the unique violations of a race. */
export const createEnact = ({ sql, accounts, sessions }: EnactDeps) => {
  /** The decision took a while: what an admin decided meanwhile counts. */
  const lockEnabled = async (tx: Tx, userId: string): Promise<void> => {
    const user = await lockUser(tx, userId);
    if (user === undefined || user.is_disabled) throw refusal("account_disabled");
  };

  const addIdentity = (tx: Tx, { provider, profile }: Arrival, user: { userId: string; email: string }) =>
    insertIdentity(tx, { provider, providerUserId: profile.providerUserId, ...user });

  return {
    signIn(arrival: Arrival, { userId, name }: Account): Promise<string> {
      const { provider, userAgent } = arrival;
      return sql.begin(async (tx) => {
        await lockEnabled(tx, userId);
        const { refreshToken } = await sessions.begin(tx, { userId, userAgent });
        await record(tx, userEvents.loggedIn({ userId, actor: userActor(userId, name), provider }));
        return refreshToken;
      });
    },

    async makeAccount(arrival: Arrival, email: string): Promise<string> {
      const { provider, profile, userAgent } = arrival;
      const person = { email, name: chooseName(profile.names, email), provider };
      let refreshToken: string | undefined;
      await accounts.signUpProvided(person, async (tx, { userId }) => {
        await addIdentity(tx, arrival, { userId, email });
        ({ refreshToken } = await sessions.begin(tx, { userId, userAgent }));
      });
      if (refreshToken === undefined) throw new Error("the account has no session");
      return refreshToken;
    },

    async link(arrival: Arrival, { userId, name }: Account, email: string): Promise<void> {
      const actor = userActor(userId, name);
      await sql.begin(async (tx) => {
        await lockEnabled(tx, userId);
        // Whoever ended all sessions meanwhile did not want a further way in.
        const familyId = arrival.linker?.sessionId;
        if (familyId === undefined || !(await isSessionLive(tx, { userId, familyId }))) {
          throw refusal("flow_expired");
        }
        await addIdentity(tx, arrival, { userId, email });
        await record(tx, userEvents.identityLinked({ userId, actor, provider: arrival.provider }));
      });
    },
  };
};
