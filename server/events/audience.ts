/** Who listens, what of the changes is theirs to see, and when their rights have to be read again. */
import type { EventKind } from "../../db/constants.ts";
import type { Guards, TeamCaller, UserCaller } from "../auth/context.ts";
import { isAtLeast } from "../teams/roles.ts";
import type { Change, Changes } from "./change.ts";
import { ADMIN_KINDS, TEAM_KINDS } from "./resources.ts";
import type { Interest } from "./store.ts";

/** Which of the two streams. */
export type View = "team" | "admin";

export interface Audience {
  readonly view: View;
  /** Whose streams are counted together. */
  readonly userId: string;
  readonly interest: Interest;
  /** Those that are told, before anything is known of the things themselves. */
  pick(changes: Changes): Change[];
  /** Whether the caller's role reads what is for owner and admins. */
  readonly readsAdminScope: boolean;
  /** Other teams that the caller joined or left. */
  joinedOrLeft(changes: Changes): Change[];
  /** Something that gave the right is not what it was. */
  isTouchedBy(changes: Changes): boolean;
  /** The same with the rights of now. Throws as the guard does when there are none any more. */
  renew(guards: Guards): Promise<Audience>;
}

const isOf =
  (kinds: Partial<Record<EventKind, unknown>>) =>
  ({ kind }: Change): boolean =>
    kind in kinds;

/** Scopes do not matter: only people come here. */
const ACCESS = { scopes: ["sandboxes"], method: "GET" } as const;

/** A person in a team. */
export const teamAudience = (caller: TeamCaller): Audience => {
  const { teamId, userId, sessionId, role } = caller;
  return {
    view: "team",
    userId,
    interest: { teamId, userId },
    readsAdminScope: isAtLeast(role, "admin"),
    pick: (changes) => [
      ...changes.of(teamId).filter(isOf(TEAM_KINDS)),
      ...changes.of(null).filter(({ kind }) => kind === "template"),
    ],
    joinedOrLeft: (changes) => changes.ofMember(userId).filter(({ team }) => team !== teamId),
    isTouchedBy: (changes) =>
      changes.touchesSignIn({ userId, sessionId }) ||
      changes
        .of(teamId)
        .some(({ kind, resource }) => kind === "team" || (kind === "member" && resource === userId)),
    renew: async (guards) => teamAudience(await guards.renew(caller, ACCESS)),
  };
};

/** A platform admin. */
export const adminAudience = (caller: UserCaller): Audience => ({
  view: "admin",
  userId: caller.userId,
  interest: "administrative",
  readsAdminScope: true,
  pick: ({ administrative }) => administrative.filter(isOf(ADMIN_KINDS)),
  joinedOrLeft: () => [],
  isTouchedBy: (changes) => changes.touchesSignIn(caller),
  renew: async (guards) => adminAudience(await guards.renewAdmin(caller)),
});
