/** How each kind of thing looks on the streams now: as the REST answers have it, read by ids, many at once. */
import type { Queryable } from "../../db/sql.ts";
import {
  formatAuditLogId,
  formatHostId,
  formatKeyId,
  formatSandboxId,
  formatTeamId,
  formatTemplateId,
  formatUserId,
  ZERO_UUID,
} from "../../proto/ids.ts";
import { presentAdminHost, presentAdminTeam, presentAdminUser } from "../admin/present.ts";
import { presentAuditRow } from "../audit/present.ts";
import { findAuditRows } from "../audit/store.ts";
import { presentHost } from "../hosts/present.ts";
import { findHosts } from "../hosts/store.ts";
import { presentKey } from "../keys/present.ts";
import { findKeys } from "../keys/store.ts";
import { presentSandbox } from "../sandboxes/present.ts";
import { findSandboxes } from "../sandboxes/store.ts";
import { findAnyTeams } from "../teams/administration-store.ts";
import { findMembers } from "../teams/members-store.ts";
import { presentMember, presentTeamProfile } from "../teams/present.ts";
import { findTeamProfiles } from "../teams/store.ts";
import { presentTemplate } from "../templates/present.ts";
import { findTemplates } from "../templates/store.ts";
import { findAnyUsers } from "../users/administration-store.ts";
import type { Change } from "./change.ts";
import type { AdminEvent, ControlEvent, TeamEvent } from "./messages.ts";

type Told<Event> = Exclude<Event, ControlEvent | { event: "teams" }>;
type ResourceOf<Event, Name> = Extract<
  Event,
  { event: Name; data: { resource: unknown } }
>["data"]["resource"];

interface Kind<Resource> {
  formatId: (resource: string) => string;
  /** By `placeOf`; what is not there any more is left out. Null: readers fetch it themselves. */
  read: ((sql: Queryable, changes: readonly Change[]) => Promise<Map<string, Resource>>) | null;
}

/** A thing and whose it is: what is told of one team's can never be another's. */
export const placeOf = ({ team, resource }: Pick<Change, "team" | "resource">): string =>
  `${team ?? ""}/${resource}`;

const ownerOf = (teamId: string): string | null => (teamId === ZERO_UUID ? null : teamId);

const idsOf = (changes: readonly Change[]): string[] => [...new Set(changes.map(({ resource }) => resource))];

/** Reads by ids alone. */
const byIds =
  <Row, Resource>(
    find: (sql: Queryable, ids: readonly string[]) => Promise<Row[]>,
    toEntry: (row: Row) => { team: string | null; resource: string; shown: Resource },
  ) =>
  async (sql: Queryable, changes: readonly Change[]): Promise<Map<string, Resource>> => {
    const rows = await find(sql, idsOf(changes));
    return new Map(
      rows.map((row) => {
        const { shown, ...place } = toEntry(row);
        return [placeOf(place), shown];
      }),
    );
  };

const readAudit = byIds(findAuditRows, (row) => ({
  team: ownerOf(row.teamId),
  resource: row.id,
  shown: presentAuditRow(row),
}));

/** For the people of a team. */
export const TEAM_KINDS: {
  [Name in Told<TeamEvent>["event"]]: Kind<NonNullable<ResourceOf<TeamEvent, Name>>>;
} = {
  sandbox: {
    formatId: formatSandboxId,
    read: byIds(findSandboxes, (row) => ({ team: row.teamId, resource: row.id, shown: presentSandbox(row) })),
  },
  host: {
    formatId: formatHostId,
    read: byIds(findHosts, ({ host }) => ({
      team: host.teamId,
      resource: host.id,
      shown: presentHost(host),
    })),
  },
  template: {
    formatId: formatTemplateId,
    read: byIds(findTemplates, (row) => ({
      team: ownerOf(row.teamId),
      resource: row.id,
      shown: presentTemplate(row),
    })),
  },
  member: {
    formatId: formatUserId,
    read: async (sql, changes) => {
      const pairs = changes.map(({ team, resource }) => ({ teamId: team ?? ZERO_UUID, userId: resource }));
      const rows = await findMembers(sql, pairs);
      return new Map(
        rows.map((row) => [placeOf({ team: row.teamId, resource: row.userId }), presentMember(row)]),
      );
    },
  },
  key: {
    formatId: formatKeyId,
    read: byIds(findKeys, (row) => ({ team: row.team_id, resource: row.id, shown: presentKey(row) })),
  },
  team: {
    formatId: formatTeamId,
    read: byIds(findTeamProfiles, (row) => ({
      team: row.id,
      resource: row.id,
      shown: presentTeamProfile(row),
    })),
  },
  audit: { formatId: formatAuditLogId, read: readAudit },
};

/** For platform admins. */
export const ADMIN_KINDS: {
  [Name in Told<AdminEvent>["event"]]: Kind<NonNullable<ResourceOf<AdminEvent, Name>>>;
} = {
  host: {
    formatId: formatHostId,
    read: byIds(findHosts, ({ host, teamName }) => ({
      team: host.teamId,
      resource: host.id,
      shown: presentAdminHost(host, teamName),
    })),
  },
  team: {
    formatId: formatTeamId,
    read: byIds(findAnyTeams, (row) => ({ team: row.id, resource: row.id, shown: presentAdminTeam(row) })),
  },
  user: {
    formatId: formatUserId,
    read: byIds(findAnyUsers, (row) => ({ team: null, resource: row.id, shown: presentAdminUser(row) })),
  },
  audit: { formatId: formatAuditLogId, read: readAudit },
  monitor: { formatId: () => "monitor", read: null },
  quarantine: { formatId: formatSandboxId, read: null },
};
