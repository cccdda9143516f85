/** What teams may be called. */
import { randomHex } from "../auth/secrets.ts";

export const MAX_TEAM_NAME = 128;
const ALLOWED = /^[\p{L}\p{M}\p{N} _\-@']{1,128}$/u;

/** Trimmed and in NFC; null when the rule refuses it. */
export const cleanTeamName = (text: string): string | null => {
  const name = text.trim().normalize("NFC");
  return ALLOWED.test(name) ? name : null;
};

/** Name of a new person's own team: theirs, without the characters the rule refuses. */
export const firstTeamName = (personName: string): string => {
  const suffix = "'s Team";
  const allowed = personName.normalize("NFC").replaceAll(/[^\p{L}\p{M}\p{N} _\-@']/gu, "");
  const name = Array.from(allowed)
    .slice(0, MAX_TEAM_NAME - suffix.length)
    .join("")
    .trim();
  return (name === "" ? null : cleanTeamName(`${name}${suffix}`)) ?? "My Team";
};

/** Twelve random hex digits as `a1b2c3-d1e2f3`. */
export const newSlug = (): string => `${randomHex(3)}-${randomHex(3)}`;
