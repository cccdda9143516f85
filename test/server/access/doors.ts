/**
 * What the matrix expects: for each kind of door, actor and state, whether the call passes or how it is
 * refused. Written from the specification's tables, not from the guards.
 */
import type { TeamRole } from "../../../db/constants.ts";
import { type Actor, isKey, type Key, type State } from "./cells.ts";

export type Door =
  /** Anyone; a credential is not looked at. */
  | { kind: "open" }
  /** A person with a live session. */
  | { kind: "user" }
  /** A person in the team of the token. */
  | { kind: "team" }
  /** A person in the team of the path, with this role at least. */
  | { kind: "member"; least: TeamRole }
  /** The owner of the team of the path, or a platform admin. */
  | { kind: "transfer" }
  /** The bystander's key: its team's owner and admins. */
  | { kind: "others' key" }
  /** A platform admin; `code` of the refusal. */
  | { kind: "admin"; code: string }
  /** The team's own host, for whoever acts in the team with this role at least, and for platform admins. */
  | { kind: "own host"; least: "member" | "admin" }
  /** A key with one of these scopes, or a person in the team of the token. */
  | {
      kind: "key or team";
      scopes: readonly ("sandboxes" | "templates")[];
      readable: boolean;
      of: "team" | "thing";
      absent?: string;
    }
  /** The same on a WebSocket, where the first message may still sign in. */
  | { kind: "socket" }
  /** A host's own token. */
  | { kind: "host" };

export type Expectation = "passes" | `${number} ${string}`;

const hasRole = (role: TeamRole, least: TeamRole): boolean => {
  const rank: TeamRole[] = ["member", "admin", "owner"];
  return rank.indexOf(role) >= rank.indexOf(least);
};

/** In the team as it is now; null: not in it. */
const roleOf = (actor: Actor, state: State): TeamRole | null => {
  if (actor !== "owner" && actor !== "admin" && actor !== "member") return null;
  if (state === "removed") return null;
  return state === "demoted" ? "member" : actor;
};

const SCOPE: Record<Key, string> = {
  "read key": "read",
  "sandboxes key": "sandboxes",
  "templates key": "templates",
};

const expectKey = (actor: Key, state: State, door: Door): Expectation => {
  if (door.kind !== "key or team" && door.kind !== "socket") return "401 unauthorized";
  if (state === "key revoked") return "401 api_key_revoked";
  if (state === "key expired") return "401 api_key_expired";
  if (state === "removed" || state === "disabled" || state === "team deleted") return "401 invalid_api_key";
  const { scopes, readable } = door.kind === "socket" ? { scopes: ["sandboxes"], readable: false } : door;
  const own = SCOPE[actor];
  return scopes.some((scope) => scope === own) || (own === "read" && readable)
    ? "passes"
    : "403 missing_scope";
};

/** Of a person whose session is good. */
const expectPerson = (actor: Actor, state: State, door: Door): Expectation => {
  const role = roleOf(actor, state);
  const isAdmin = actor === "platform admin" && state !== "demoted";
  const isGone = state === "team deleted";
  switch (door.kind) {
    case "open":
    case "user":
      return "passes";
    case "admin":
      return isAdmin ? "passes" : `403 ${door.code}`;
    case "own host":
      if (isAdmin) return "passes";
      if (isGone || role === null) return "404 host_not_found";
      return hasRole(role, door.least) ? "passes" : "403 role_required";
    case "host":
      return "401 unauthorized";
    case "member":
      if (isGone) return "404 team_not_found";
      if (role === null) return "403 not_a_member";
      return hasRole(role, door.least) ? "passes" : "403 role_required";
    case "transfer":
      if (isGone) return "404 team_not_found";
      if (isAdmin) return "passes";
      if (role === null) return "403 not_a_member";
      return role === "owner" ? "passes" : "403 role_required";
    case "team":
    case "others' key":
    case "key or team":
    case "socket": {
      // Outsider and platform admin act in a team of their own, where nothing of this one exists.
      const isElsewhere = actor === "outsider" || actor === "platform admin";
      if (!isElsewhere && (isGone || role === null)) return "403 not_a_member";
      if (door.kind === "others' key") {
        if (isElsewhere) return "404 api_key_not_found";
        return role === "member" ? "403 forbidden" : "passes";
      }
      const isThing = door.kind === "key or team" && door.of === "thing";
      return isThing && isElsewhere ? `404 ${door.absent ?? "sandbox_not_found"}` : "passes";
    }
  }
};

export const expectation = (actor: Actor, state: State, door: Door): Expectation => {
  if (door.kind === "open") return "passes";
  if (actor === "nobody") return door.kind === "socket" ? "passes" : "401 unauthorized";
  if (isKey(actor)) return expectKey(actor, state, door);
  if (state === "token expired" || state === "foreign token" || state === "disabled") {
    return "401 unauthorized";
  }
  return expectPerson(actor, state, door);
};
