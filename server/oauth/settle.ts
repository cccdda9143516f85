/** Turns a person whom a provider has named into a session, an account or a link, whoever else is at it. */
import { isUniqueViolation } from "../../db/sql.ts";
import type { Sql } from "../../db/sql.ts";
import type { AuditSideChannel } from "../audit/side-channel.ts";
import { userEvents } from "../audit/user-events.ts";
import { findUserByEmail, findUserById } from "../users/store.ts";
import { createEnact } from "./enact.ts";
import type { Arrival, EnactDeps } from "./enact.ts";
import { refusal } from "./error-words.ts";
import { decideOutcome } from "./outcome.ts";
import type { Account, Situation } from "./outcome.ts";
import { usableEmail } from "./person.ts";
import { findOwner, listIdentities } from "./store.ts";

/** What loses a race looks again: what the faster one did is there now, and decides. */
const ATTEMPTS = 3;
const RACES = ["users_email_key", "oauth_identities_pkey", "oauth_identities_one_per_provider"];

export interface SettleDeps extends EnactDeps {
  sql: Sql;
  sideChannel: AuditSideChannel;
}

interface Look {
  situation: Situation;
  /** The address accounts may have; null when the provider gave none such. */
  email: string | null;
  /** Account of that address or of the identity. */
  named: { userId: string; email: string } | null;
}

const toAccount = (row: { id: string; name: string; is_disabled: boolean }): Account => ({
  userId: row.id,
  name: row.name,
  isDisabled: row.is_disabled,
});

export const createSettle = ({ sideChannel, ...deps }: SettleDeps) => {
  const { sql } = deps;
  const enact = createEnact(deps);

  const look = async ({ provider, profile, intent, linker: asking }: Arrival): Promise<Look> => {
    const linkerId = asking?.userId ?? null;
    const email = profile.email === null ? null : usableEmail(profile.email);
    // One snapshot: an account and its identity appear together, and must not be seen apart.
    const [owner, byEmail, linker, linked] = await sql.begin(
      "isolation level repeatable read, read only",
      (tx) =>
        Promise.all([
          findOwner(tx, { provider, providerUserId: profile.providerUserId }),
          email === null ? undefined : findUserByEmail(tx, email),
          linkerId === null ? undefined : findUserById(tx, linkerId),
          linkerId === null ? [] : listIdentities(tx, linkerId),
        ]),
    );
    const hasIdentityHere = linked.some((one) => one.provider === provider);
    const named = owner ?? byEmail;
    return {
      email,
      named: named === undefined ? null : { userId: named.id, email: named.email },
      situation: {
        intent,
        owner: owner === undefined ? null : toAccount(owner),
        email: email !== null ? "usable" : profile.email === null ? "unverified" : "unsupported",
        isEmailTaken: byEmail !== undefined,
        linker: linker === undefined ? null : { ...toAccount(linker), hasIdentityHere },
      },
    };
  };

  const settleOnce = async (arrival: Arrival): Promise<string | null> => {
    const { situation, email, named } = await look(arrival);
    const outcome = decideOutcome(situation);
    if (outcome.kind === "refuse") {
      // Someone wanted into an account that is there; to sign up with its address is no such attempt.
      if (arrival.intent !== "link" && named !== null && outcome.code !== "email_taken") {
        sideChannel.record(userEvents.loginFailed({ ...named, reason: outcome.code }));
      }
      throw refusal(outcome.code);
    }
    if (outcome.kind === "sign_in") return enact.signIn(arrival, outcome.account);
    if (email === null) throw new Error("an address was decided on that is not there");
    if (outcome.kind === "make_account") return enact.makeAccount(arrival, email);
    await enact.link(arrival, outcome.account, email);
    return null;
  };

  /**
   * The refresh token of the new session; null when a link was made, for which there is a session already.
   * Throws the refusals of `error-words.ts`.
   */
  return async (arrival: Arrival): Promise<string | null> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await settleOnce(arrival);
      } catch (error) {
        const isRace = RACES.some((constraint) => isUniqueViolation(error, constraint));
        if (!isRace || attempt === ATTEMPTS) throw error;
      }
    }
  };
};
