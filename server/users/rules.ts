/** Pure rules of accounts: who may make one, and what its parts look like. */
import type { SignupPolicy } from "../config.ts";
import { ApiError, forbidden, invalidRequest } from "../errors.ts";
import { isPlainText } from "../text.ts";

/** ASCII only, so that lower-casing means the same to everyone. */
export const EMAIL_PATTERN = "^[!-?A-~]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,186}[A-Za-z0-9])?$";
const EMAIL = new RegExp(EMAIL_PATTERN);

export const isEmail = (text: string): boolean => EMAIL.test(text);

/** A person's name, trimmed and in NFC; 400 for one that does not show. */
export const cleanName = (text: string): string => {
  const name = text.trim().normalize("NFC");
  if (isPlainText(name)) return name;
  throw invalidRequest("name", "pattern", "name: use printable characters.");
};

/** An address as accounts are found by it. */
export const normalEmail = (text: string): string => text.trim().toLowerCase();

/** An address as it is stored; 400 for what is none. */
export const cleanEmail = (text: string): string => {
  const email = normalEmail(text);
  if (isEmail(email)) return email;
  throw invalidRequest("email", "format", "email: this is not an e-mail address.");
};

/** The policy that counts once there is an account. */
export const effectivePolicy = (policy: SignupPolicy | null, isLoopback: boolean): SignupPolicy =>
  policy ?? { kind: isLoopback ? "open" : "closed" };

export interface SignupSituation {
  email: string;
  /** There is no account yet. */
  isFirst: boolean;
  /** The listener cannot be reached from other machines. */
  isLoopback: boolean;
  policy: SignupPolicy | null;
  /** What the client sent, and what was printed at start. */
  setupCode: { given: string | null; matches: boolean };
}

/**
 * Why this sign-up is refused, or null. The first account is the operator's: it needs the printed set-up
 * code unless nobody else can reach the server, and no policy, which would lock the operator out.
 */
export const refuseSignup = (situation: SignupSituation): ApiError | null => {
  const { email, isFirst, isLoopback, policy, setupCode } = situation;
  if (isFirst) {
    if (isLoopback || setupCode.matches) return null;
    return setupCode.given === null
      ? forbidden(
          "The first account needs the set-up code that the server printed at its start.",
          "setup_code_required",
        )
      : forbidden("This is not the set-up code that the server printed at its start.", "setup_code_wrong");
  }
  const effective = effectivePolicy(policy, isLoopback);
  if (effective.kind === "open") return null;
  if (effective.kind === "domains") {
    const domain = email.slice(email.lastIndexOf("@") + 1).toLowerCase();
    if (effective.domains.includes(domain)) return null;
    return forbidden(
      "Accounts are for addresses of certain domains only; ask an administrator.",
      "signup_domain",
    );
  }
  return forbidden("Sign-up is closed; ask an administrator for an account.", "signup_closed");
};
