import { expect, test } from "bun:test";

import { refuseSignup } from "../users/rules.ts";
import { isOauthError, OAUTH_ERRORS, refusal, wordsFor } from "./error-words.ts";

test("every code has a sentence of what happened and one of what to do", () => {
  const all = Object.entries(OAUTH_ERRORS);
  for (const [code, { title, advice }] of all) {
    expect(code).toMatch(/^[a-z_]+$/);
    expect(title).toMatch(/^[A-Z].*\.$/);
    expect(advice).toMatch(/^[A-Z].*\.$/);
    // They are written into the page as they are.
    expect(title + advice).not.toMatch(/[<>&]/);
  }
  expect(new Set(all.map(([, { title }]) => title)).size).toBe(all.length);
});

test("what the sign-up policy refuses without a set-up code has words", () => {
  const situation = { email: "ada@example.com", setupCode: { given: null, matches: false } };
  const refusals = [
    refuseSignup({ ...situation, isFirst: true, isLoopback: false, policy: null }),
    refuseSignup({ ...situation, isFirst: false, isLoopback: false, policy: { kind: "closed" } }),
    refuseSignup({
      ...situation,
      isFirst: false,
      isLoopback: true,
      policy: { kind: "domains", domains: [] },
    }),
  ];
  expect(refusals.map((one) => isOauthError(one?.code ?? ""))).toEqual([true, true, true]);
});

test.each(["", "nonsense", "internal_error", "constructor", "__proto__", "<script>"])(
  "%p has words too, and never its own text",
  (code) => {
    expect(isOauthError(code)).toBe(false);
    expect(wordsFor(code).title).toBe("The sign-in did not work.");
  },
);

test.each([
  ["no_account", 403],
  ["unknown_provider", 404],
  ["provider_error", 503],
] as const)("%s is %i for programs", (code, status) => {
  expect(refusal(code)).toMatchObject({ code, status });
});
