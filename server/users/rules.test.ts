import { describe, expect, test } from "bun:test";

import type { SignupPolicy } from "../config.ts";
import { isEmail, refuseSignup } from "./rules.ts";

const OPEN: SignupPolicy = { kind: "open" };
const CLOSED: SignupPolicy = { kind: "closed" };
const DOMAINS: SignupPolicy = { kind: "domains", domains: ["example.com"] };
const NONE = { given: null, matches: false };
const WRONG = { given: "x", matches: false };
const RIGHT = { given: "y", matches: true };

describe("refuseSignup", () => {
  test.each([
    // First account: the place decides, and no policy.
    [{ isFirst: true, isLoopback: true, policy: CLOSED, setupCode: NONE }, null],
    [{ isFirst: true, isLoopback: true, policy: null, setupCode: NONE }, null],
    [{ isFirst: true, isLoopback: false, policy: OPEN, setupCode: NONE }, "setup_code_required"],
    [{ isFirst: true, isLoopback: false, policy: OPEN, setupCode: WRONG }, "setup_code_wrong"],
    [{ isFirst: true, isLoopback: false, policy: DOMAINS, setupCode: RIGHT }, null],
    // Later ones: the policy decides, and no code.
    [{ isFirst: false, isLoopback: true, policy: null, setupCode: NONE }, null],
    [{ isFirst: false, isLoopback: false, policy: null, setupCode: RIGHT }, "signup_closed"],
    [{ isFirst: false, isLoopback: false, policy: OPEN, setupCode: NONE }, null],
    [{ isFirst: false, isLoopback: true, policy: CLOSED, setupCode: RIGHT }, "signup_closed"],
    [{ isFirst: false, isLoopback: true, policy: DOMAINS, setupCode: NONE }, "signup_domain"],
  ])("%p: %p", (situation, code) => {
    const refused = refuseSignup({ email: "ada@example.org", ...situation });
    expect(refused?.code ?? null).toBe(code);
  });

  test.each([
    ["ada@example.com", null],
    ["ada@Example.COM", null],
    ["ada@sub.example.com", "signup_domain"],
    ["ada@example.com@evil.org", "signup_domain"],
  ])("domain of %s", (email, code) => {
    const situation = { email, isFirst: false, isLoopback: true, policy: DOMAINS, setupCode: NONE };
    expect(refuseSignup(situation)?.code ?? null).toBe(code);
  });
});

describe("isEmail", () => {
  test.each(["a@b", "ada+x@example.co.uk", "ADA@localhost", "o'hara@example.com"])("takes %s", (text) =>
    expect(isEmail(text)).toBe(true),
  );

  test.each([
    "",
    "a",
    "@b",
    "a@",
    "a b@c",
    "a@b c",
    "a@b@c",
    "ä@example.com",
    "a@\u0000b",
    "a@-b",
    `${"x".repeat(65)}@b`,
  ])("refuses %p", (text) => expect(isEmail(text)).toBe(false));
});
