/** What the database noted of changes, sorted so that each reader finds what is for it without looking at all. */
import type { EventKind } from "../../db/constants.ts";

/** That something changed, not how it looks now. Ids are bare UUIDs. */
export interface Change {
  /** Null: the platform's. */
  team: string | null;
  kind: EventKind;
  /** The thing's id; of a member the person's, of a session its family's. */
  resource: string;
  /** It came to be in this time. */
  isNew: boolean;
}

/** Kinds that platform admins are told of, whoever's the thing is. */
const ADMIN_KINDS: ReadonlySet<EventKind> = new Set(["host", "team", "user", "monitor", "quarantine"]);

/** Of one reading, in the order of the last change of each thing. */
export class Changes {
  readonly #byTeam = new Map<string | null, Change[]>();
  readonly #byMember = new Map<string, Change[]>();
  readonly #sessions = new Set<string>();
  readonly #users = new Set<string>();
  /** For platform admins. */
  readonly administrative: readonly Change[];

  constructor(changes: readonly Change[]) {
    for (const change of changes) this.#sort(change);
    this.administrative = changes.filter(
      ({ kind, team }) => ADMIN_KINDS.has(kind) || (kind === "audit" && team === null),
    );
  }

  /** Of a team; null: of the platform. */
  of(team: string | null): readonly Change[] {
    return this.#byTeam.get(team) ?? [];
  }

  /** Memberships of a person, in any team. */
  ofMember(userId: string): readonly Change[] {
    return this.#byMember.get(userId) ?? [];
  }

  /** The account itself, or this sign-in of it, is not what it was. */
  touchesSignIn({ userId, sessionId }: { userId: string; sessionId: string | null }): boolean {
    return this.#users.has(userId) || (sessionId !== null && this.#sessions.has(sessionId));
  }

  #sort(change: Change): void {
    const { team, kind, resource } = change;
    if (kind === "session") this.#sessions.add(resource);
    if (kind === "user") this.#users.add(resource);
    if (kind === "member") append(this.#byMember, resource, change);
    append(this.#byTeam, team, change);
  }
}

const append = <Key>(map: Map<Key, Change[]>, key: Key, change: Change): void => {
  const known = map.get(key);
  if (known) known.push(change);
  else map.set(key, [change]);
};
