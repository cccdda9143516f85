/**
 * The axes of the access matrix: who calls, and what happened to them before. A pair without a meaning is
 * listed with the reason; the test insists that every pair is one or the other.
 */
export const PEOPLE = ["owner", "admin", "member", "outsider", "platform admin"] as const;
export const KEYS = ["read key", "sandboxes key", "templates key"] as const;
export const ACTORS = [...PEOPLE, ...KEYS, "nobody"] as const;

export type Person = (typeof PEOPLE)[number];
export type Key = (typeof KEYS)[number];
export type Actor = (typeof ACTORS)[number];

export const STATES = [
  "fresh",
  /** Not in the team any more. */
  "removed",
  /** In the team, or the platform, with the least role. */
  "demoted",
  /** The account, or that of the key's maker. */
  "disabled",
  "team deleted",
  "key revoked",
  "key expired",
  "token expired",
  /** Signed by another instance, for the same person. */
  "foreign token",
] as const;
export type State = (typeof STATES)[number];

export const isKey = (actor: Actor): actor is Key => KEYS.some((key) => key === actor);
export const isPerson = (actor: Actor): actor is Person => PEOPLE.some((person) => person === actor);

/** Why nothing can be asked of this pair, or null. */
export const excluded = (actor: Actor, state: State): string | null => {
  if (state === "fresh") return null;
  if (actor === "nobody") return "who has no credential has nothing that could go stale";
  if (isKey(actor)) {
    return state === "token expired" || state === "foreign token" ? "a key is no signed token" : null;
  }
  if (state === "key revoked" || state === "key expired") return "a person signs in, without a key";
  if (actor === "member" && state === "demoted") return "there is no role below";
  if (actor === "outsider" && (state === "removed" || state === "demoted")) return "was never in the team";
  if (actor === "platform admin" && (state === "removed" || state === "team deleted")) {
    return "is in no team of the matrix: the outsider's cell";
  }
  return null;
};
