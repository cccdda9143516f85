import { describe, expect, test } from "bun:test";

import { OAUTH_INTENTS } from "../../db/constants.ts";
import { decideOutcome } from "./outcome.ts";
import type { Outcome, Situation } from "./outcome.ts";

const STRANGER: Situation = {
  intent: "login",
  owner: null,
  email: "usable",
  isEmailTaken: false,
  linker: null,
};
const ada = { userId: "ada", name: "Ada", isDisabled: false };
const bob = { userId: "bob", name: "Bob", isDisabled: false };
const linker = { ...ada, hasIdentityHere: false };

const brief = (outcome: Outcome): string => {
  if (outcome.kind === "refuse") return outcome.code;
  return "account" in outcome ? `${outcome.kind} ${outcome.account.userId}` : outcome.kind;
};

describe("decideOutcome", () => {
  test.each<[Partial<Situation>, string]>([
    [{ intent: "login" }, "no_account"],
    [{ intent: "login", isEmailTaken: true }, "account_exists"],
    [{ intent: "login", email: "unverified" }, "email_unverified"],
    [{ intent: "login", owner: ada }, "sign_in ada"],
    [{ intent: "login", owner: ada, isEmailTaken: true }, "sign_in ada"],
    [{ intent: "login", owner: ada, email: "unverified" }, "sign_in ada"],
    [{ intent: "login", owner: { ...ada, isDisabled: true } }, "account_disabled"],
    [{ intent: "signup" }, "make_account"],
    [{ intent: "signup", isEmailTaken: true }, "email_taken"],
    [{ intent: "signup", email: "unverified" }, "email_unverified"],
    [{ intent: "signup", email: "unverified", isEmailTaken: true }, "email_unverified"],
    [{ intent: "login", email: "unsupported" }, "email_unsupported"],
    [{ intent: "signup", email: "unsupported" }, "email_unsupported"],
    [{ intent: "link", linker, email: "unsupported" }, "email_unsupported"],
    [{ intent: "signup", owner: ada }, "sign_in ada"],
    [{ intent: "signup", owner: { ...ada, isDisabled: true } }, "account_disabled"],
    [{ intent: "link", linker }, "link ada"],
    [{ intent: "link", linker, isEmailTaken: true }, "link ada"],
    [{ intent: "link", linker, email: "unverified" }, "email_unverified"],
    [{ intent: "link", linker, owner: ada }, "already_linked"],
    [{ intent: "link", linker: { ...linker, hasIdentityHere: true } }, "already_linked"],
    [{ intent: "link", linker, owner: bob }, "identity_taken"],
    [{ intent: "link", linker: { ...linker, isDisabled: true } }, "account_disabled"],
    [{ intent: "link", linker: null, owner: ada }, "account_disabled"],
  ])("%p: %s", (situation, expected) =>
    expect(brief(decideOutcome({ ...STRANGER, ...situation }))).toBe(expected),
  );

  test("an address alone opens no account", () => {
    for (const intent of OAUTH_INTENTS) {
      const outcome = decideOutcome({ ...STRANGER, intent, isEmailTaken: true });
      expect(outcome.kind).toBe("refuse");
    }
  });
});
