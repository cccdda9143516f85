/** What becomes of a person whom a provider has named. Pure. */
import type { OauthIntent } from "../../db/constants.ts";
import type { OauthErrorCode } from "./error-words.ts";

export interface Account {
  userId: string;
  name: string;
  isDisabled: boolean;
}

export interface Situation {
  intent: OauthIntent;
  /** Account the identity belongs to already. */
  owner: Account | null;
  /** The address the provider vouches for, if it does, and if accounts may have it. */
  email: "usable" | "unsupported" | "unverified";
  /** There is an account with that address. */
  isEmailTaken: boolean;
  /** Account that asked for a link; null also when it is gone. */
  linker: (Account & { hasIdentityHere: boolean }) | null;
}

export type Outcome =
  | { kind: "sign_in"; account: Account }
  | { kind: "make_account" }
  | { kind: "link"; account: Account }
  | { kind: "refuse"; code: OauthErrorCode };

const refuse = (code: OauthErrorCode): Outcome => ({ kind: "refuse", code });

const decideLink = ({ owner, email, linker }: Situation): Outcome => {
  if (linker === null || linker.isDisabled) return refuse("account_disabled");
  if (owner !== null && owner.userId !== linker.userId) return refuse("identity_taken");
  if (owner !== null || linker.hasIdentityHere) return refuse("already_linked");
  if (email !== "usable") return refuse(`email_${email}`);
  return { kind: "link", account: linker };
};

/**
 * A known identity signs in, whichever button was pressed and whatever its address is by now. An unknown one
 * never gets into an account because of its address: Wrenn does not verify the addresses of accounts with a
 * password, so whoever signed up first with someone else's address would share the account with them.
 */
export const decideOutcome = (situation: Situation): Outcome => {
  const { intent, owner, email, isEmailTaken } = situation;
  if (intent === "link") return decideLink(situation);
  if (owner?.isDisabled) return refuse("account_disabled");
  if (owner !== null) return { kind: "sign_in", account: owner };
  if (email !== "usable") return refuse(`email_${email}`);
  if (intent === "login") return refuse(isEmailTaken ? "account_exists" : "no_account");
  return isEmailTaken ? refuse("email_taken") : { kind: "make_account" };
};
