/** Every way in which signing in through a provider ends without success, in words for the person. */
import { ApiError } from "../errors.ts";

interface Words {
  /** What happened. */
  title: string;
  /** What to do next. */
  advice: string;
}

const START_AGAIN = "Choose your provider below and start again.";

/** By the code in the address of the login page. Codes are part of the API. */
export const OAUTH_ERRORS = {
  access_denied: {
    title: "You did not allow the sign-in.",
    advice: "Nothing was changed. Start again if that was not what you meant.",
  },
  account_disabled: {
    title: "This account is disabled.",
    advice: "Ask an administrator of this Wrenn to enable it.",
  },
  account_exists: {
    title: "There is an account with your address, but it is not connected to this provider.",
    advice:
      "Sign in with its password and connect the provider in your settings. Wrenn does not do that by itself: an address alone does not prove that the account is yours.",
  },
  already_linked: {
    title: "Your account is connected to this provider already.",
    advice: "To use another login there, disconnect the present one first.",
  },
  email_taken: {
    title: "There is an account with your address already.",
    advice: "Sign in to it with its password. You can connect this provider in your settings then.",
  },
  email_unsupported: {
    title: "Wrenn cannot use the e-mail address your provider told.",
    advice: "Accounts need an address of plain letters, digits and signs. Choose another one there.",
  },
  email_unverified: {
    title: "Your provider does not vouch for your e-mail address.",
    advice: "Confirm your primary address there, then start again.",
  },
  flow_expired: {
    title: "This sign-in took too long, or was begun in another browser.",
    advice: `A sign-in counts for ten minutes and needs cookies. ${START_AGAIN}`,
  },
  flow_used: {
    title: "This sign-in was used already.",
    advice: `Each counts once; perhaps the page was loaded twice. ${START_AGAIN}`,
  },
  identity_taken: {
    title: "This login belongs to another account here.",
    advice: "Sign in to that account and disconnect it there, or use another login.",
  },
  no_account: {
    title: "There is no account for this login yet.",
    advice: "Make one with “Sign up” below, or ask an administrator for one.",
  },
  provider_error: {
    title: "The provider could not be reached, or gave an answer that cannot be trusted.",
    advice: "Nothing was changed. Try again in a minute; if it stays so, tell an administrator.",
  },
  rate_limited: {
    title: "Too many sign-ins came from your address just now.",
    advice: "Wait a minute, then start again.",
  },
  setup_code_required: {
    title: "This Wrenn has no account yet.",
    advice:
      "The first one is made with e-mail, password and the set-up code that the server printed at its start.",
  },
  signup_closed: {
    title: "Sign-up is closed here.",
    advice: "Ask an administrator for an account.",
  },
  signup_domain: {
    title: "Accounts here are for addresses of certain domains only.",
    advice: "Use a login with such an address, or ask an administrator for an account.",
  },
  state_mismatch: {
    title: "This answer does not belong to the sign-in this browser began last.",
    advice: `Perhaps another one was begun in a second tab. ${START_AGAIN}`,
  },
  unknown_provider: {
    title: "This sign-in provider is not set up here.",
    advice: "Choose one of those below, or ask an administrator.",
  },
} satisfies Record<string, Words>;

export type OauthErrorCode = keyof typeof OAUTH_ERRORS;

const OTHERWISE: Words = {
  title: "The sign-in did not work.",
  advice: "Try again in a minute; if it stays so, tell an administrator: the server's log knows more.",
};

/** 403, but for the API's own meanings of: not there, not now. */
const STATUSES: Partial<Record<OauthErrorCode, number>> = { unknown_provider: 404, provider_error: 503 };

export const isOauthError = (code: string): code is OauthErrorCode => Object.hasOwn(OAUTH_ERRORS, code);

/** Words for any code, also one that nobody here wrote. */
export const wordsFor = (code: string): Words => (isOauthError(code) ? OAUTH_ERRORS[code] : OTHERWISE);

/** An error with the words of `code`. */
export const refusal = (code: OauthErrorCode): ApiError => {
  const { title, advice } = OAUTH_ERRORS[code];
  return new ApiError(STATUSES[code] ?? 403, code, `${title} ${advice}`);
};
