/** Turns changes into frames: reads how the changed things look now, once for all clients. */
import type { AuditScope, EventKind } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";
import { formatTeamId } from "../../proto/ids.ts";
import type { Audience, View } from "./audience.ts";
import type { Change, Changes } from "./change.ts";
import { frameOf } from "./frame.ts";
import type { EventAction } from "./messages.ts";
import { ADMIN_KINDS, placeOf, TEAM_KINDS } from "./resources.ts";

interface Told {
  frame: string;
  scope: AuditScope;
}

interface AnyKind {
  formatId: (resource: string) => string;
  read: ((sql: Queryable, changes: readonly Change[]) => Promise<Map<string, unknown>>) | null;
}

const KINDS: Record<View, Partial<Record<EventKind, AnyKind>>> = { team: TEAM_KINDS, admin: ADMIN_KINDS };

const scopeOf = (shown: unknown): AuditScope =>
  typeof shown === "object" && shown !== null && "scope" in shown && shown.scope === "admin"
    ? "admin"
    : "team";

const actionOf = (change: Change, isThere: boolean): EventAction => {
  if (!isThere) return "deleted";
  return change.isNew ? "created" : "updated";
};

const tellKind = async (
  sql: Queryable,
  name: string,
  { kind, changes }: { kind: AnyKind; changes: readonly Change[] },
): Promise<[Change, Told][]> => {
  const found = await kind.read?.(sql, changes);
  return changes.map((change) => {
    const shown = found?.get(placeOf(change)) ?? null;
    const action = actionOf(change, found === undefined || shown !== null);
    const data = { action, id: kind.formatId(change.resource), resource: shown };
    return [change, { frame: frameOf(name, data), scope: scopeOf(shown) }];
  });
};

const tellView = async (sql: Queryable, view: View, changes: Set<Change>): Promise<Map<Change, Told>> => {
  const byKind = Map.groupBy(changes, ({ kind }) => kind);
  const told = await Promise.all(
    [...byKind].map(async ([name, ofKind]) => {
      const kind = KINDS[view][name];
      return kind ? tellKind(sql, name, { kind, changes: ofKind }) : [];
    }),
  );
  return new Map(told.flat());
};

/** The frames of one reading, for each of the audiences; most have none. */
export const tell = async <Client extends { audience: Audience }>(
  sql: Queryable,
  changes: Changes,
  clients: readonly Client[],
): Promise<Map<Client, string[]>> => {
  const picked = clients.map((client) => ({ client, own: client.audience.pick(changes) }));
  const wanted: Record<View, Set<Change>> = { team: new Set(), admin: new Set() };
  for (const { client, own } of picked) {
    for (const change of own) wanted[client.audience.view].add(change);
  }
  const [team, admin] = await Promise.all([
    tellView(sql, "team", wanted.team),
    tellView(sql, "admin", wanted.admin),
  ]);
  const told = { team, admin };
  return new Map(
    picked.map(({ client, own }) => {
      const { view, readsAdminScope } = client.audience;
      const frames = own.flatMap((change) => {
        const one = told[view].get(change);
        return one && (one.scope === "team" || readsAdminScope) ? [one.frame] : [];
      });
      const teams = client.audience
        .joinedOrLeft(changes)
        .map(({ team: teamId }) => frameOf("teams", { team_id: formatTeamId(teamId ?? "") }));
      return [client, [...frames, ...teams]];
    }),
  );
};
