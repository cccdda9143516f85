/** What an account takes over from a provider's profile. Pure. */
import { isPlainText } from "../text.ts";
import { isEmail, normalEmail } from "../users/rules.ts";

export const MAX_NAME_LENGTH = 100;

/** The address in the form accounts have; null when it is none they may have. */
export const usableEmail = (text: string): string | null => {
  const email = normalEmail(text);
  return isEmail(email) ? email : null;
};

/** Without what names may not hold, and cut to their length. Maybe empty. */
const fitName = (text: string): string => {
  const plain = text
    .toWellFormed()
    .normalize("NFC")
    .replaceAll(/[\p{Cc}\p{Co}\p{Cn}]+/gu, " ")
    .replaceAll(/\s+/gu, " ")
    .trim();
  return Array.from(plain).slice(0, MAX_NAME_LENGTH).join("").trim();
};

/** The first of the provider's names that can be made to fit, else the address up to its `@`. */
export const chooseName = (names: readonly (string | null | undefined)[], email: string): string => {
  const fitted = names.map((name) => fitName(name ?? ""));
  return fitted.find(isPlainText) ?? email.split("@", 1).join();
};
