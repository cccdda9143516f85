import { describe, expect, test } from "bun:test";

import { OAUTH_ERRORS } from "../oauth/error-words.ts";
import type { OfferedSignIn } from "../users/sign-in-options.ts";
import { renderLoginPage } from "./login-page.ts";

const OFFERED: OfferedSignIn = {
  signup: "open",
  setupCodeRequired: false,
  providers: [{ id: "github", name: "GitHub" }],
};
const render = (changes: Partial<OfferedSignIn> = {}, errorCode: string | null = null): string =>
  renderLoginPage({ offered: { ...OFFERED, ...changes }, publicUrl: "https://wrenn.example.com", errorCode });

describe("renderLoginPage", () => {
  test("offers each provider for both, by full addresses", () => {
    const html = render();
    expect(html).toContain('href="https://wrenn.example.com/auth/oauth/github">Sign in with GitHub</a>');
    expect(html).toContain(
      'href="https://wrenn.example.com/auth/oauth/github?intent=signup">Sign up with GitHub</a>',
    );
    expect(html).not.toContain('role="alert"');
  });

  test.each([
    [{ signup: "closed" as const }],
    [{ signup: "first_account" as const, setupCodeRequired: true }],
  ])("offers no sign-up that cannot be: %p", (changes) => {
    expect(render(changes)).toContain("Sign in with GitHub");
    expect(render(changes)).not.toContain("Sign up with");
  });

  test("says so when there is no provider", () => {
    expect(render({ providers: [] })).toContain("No sign-in provider is set up here.");
  });

  test("a provider's name stays text", () => {
    const html = render({ providers: [{ id: "oidc", name: `<img src=x onerror="alert(1)">` }] });
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img src=x");
  });

  test.each(Object.entries(OAUTH_ERRORS))("explains %s", (code, { title, advice }) => {
    expect(render({}, code)).toContain(`role="alert"><h2>${title}</h2><p>${advice}</p>`);
  });

  test("text of the address does not reach the page", () => {
    const html = render({}, "<b>pay here</b>");
    expect(html).not.toContain("pay here");
    expect(html).toContain("The sign-in did not work.");
  });
});
