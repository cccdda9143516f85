/** The page at /login: ways in through providers, and why the last one did not work. Needs no script. */
import { wordsFor } from "../oauth/error-words.ts";
import type { OfferedSignIn } from "../users/sign-in-options.ts";
import { renderPage } from "./page.ts";

const link = (options: { href: string; text: string; isMain: boolean }): string => {
  const { href, text, isMain } = options;
  const kind = isMain ? "button" : "button quiet";
  return `<li><a class="${kind}" href="${Bun.escapeHTML(href)}">${Bun.escapeHTML(text)}</a></li>`;
};

const renderError = (code: string | null): string => {
  if (code === null) return "";
  const { title, advice } = wordsFor(code);
  return `<div class="error" role="alert"><h2>${title}</h2><p>${advice}</p></div>\n`;
};

const listOf = (links: readonly string[]): string => `<ul>\n${links.join("\n")}\n</ul>\n`;

/** A provider cannot pass on the set-up code. */
const maySignUp = ({ signup, setupCodeRequired }: OfferedSignIn): boolean =>
  signup !== "closed" && !setupCodeRequired;

const renderProviders = (offered: OfferedSignIn, publicUrl: string): string => {
  const { providers } = offered;
  if (providers.length === 0) return "<p>No sign-in provider is set up here.</p>\n";
  const href = (id: string) => `${publicUrl}/auth/oauth/${encodeURIComponent(id)}`;
  const signIn = providers.map(({ id, name }) =>
    link({ href: href(id), text: `Sign in with ${name}`, isMain: true }),
  );
  if (!maySignUp(offered)) return listOf(signIn);
  const signUp = providers.map(({ id, name }) =>
    link({ href: `${href(id)}?intent=signup`, text: `Sign up with ${name}`, isMain: false }),
  );
  return `${listOf(signIn)}<h2>New here?</h2>\n${listOf(signUp)}`;
};

/** @param errorCode from the address: only words of our own are shown for it. */
export const renderLoginPage = (options: {
  offered: OfferedSignIn;
  publicUrl: string;
  errorCode: string | null;
}): string =>
  renderPage({
    title: "Sign in",
    heading: "Sign in to Wrenn",
    content: `${renderError(options.errorCode)}${renderProviders(options.offered, options.publicUrl)}<p class="note">With e-mail and password, sign in through the API: <code>POST /v1/auth/login</code>, described in
<a href="/docs">the documentation</a>.</p>`,
  });
