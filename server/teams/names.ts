/** What teams may be called. */
import { randomHex } from "../auth/secrets.ts";
import { invalidRequest } from "../errors.ts";

export const MAX_TEAM_NAME = 128;
const ALLOWED = /^[\p{L}\p{M}\p{N} _\-@']{1,128}$/u;

/** Trimmed and in NFC; null when the rule refuses it. */
export const cleanTeamName = (text: string): string | null => {
  const name = text.trim().normalize("NFC");
  return ALLOWED.test(name) ? name : null;
};

const brokenRule = (text: string): [rule: string, sentence: string] => {
  if (text.trim() === "") return ["min_length", "give the team a name"];
  if (Array.from(text.trim()).length > MAX_TEAM_NAME) {
    return ["max_length", `use at most ${MAX_TEAM_NAME} characters`];
  }
  return ["pattern", "use letters, digits, spaces, hyphens, underscores, @ and apostrophes"];
};

/** As `cleanTeamName`, for what a client sends: 400 naming the rule that is broken. */
export const readTeamName = (text: string): string => {
  const name = cleanTeamName(text);
  if (name !== null) return name;
  const [rule, sentence] = brokenRule(text);
  throw invalidRequest("name", rule, `name: ${sentence}.`);
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
