/**
 * The way to a provider and back, to connect a login: the browser comes back to the front page, or with an error to
 * the login page. What is noted here leads it on to the settings.
 */
import { SETTINGS } from "../routes.ts";

const KEY = "wrenn.linking";

export const noteLinking = (): void => sessionStorage.setItem(KEY, "1");

/** Where somebody who is signed in goes from the front page, once; null: nowhere in particular. */
export const takeLinkingPlace = (): string | null => {
  if (sessionStorage.getItem(KEY) === null) return null;
  sessionStorage.removeItem(KEY);
  return SETTINGS;
};

/** The same from the login page, with the code of what went wrong. */
export const placeForError = (code: string): string => {
  sessionStorage.removeItem(KEY);
  return `${SETTINGS}?${new URLSearchParams({ error: code })}`;
};
