/** Hosts, teams and accounts as platform admins see them. */
import { type Static, t } from "elysia";

import { formatTeamId, formatUserId } from "../../proto/ids.ts";
import type { Host } from "../hosts/host.ts";
import { HostModel, presentHost } from "../hosts/present.ts";
import { integer, nullable, Timestamp } from "../http/schemas.ts";
import type { AnyTeam } from "../teams/administration-store.ts";
import type { AnyUser } from "../users/administration-store.ts";

export const AdminHostModel = t.Object(
  { ...HostModel.properties, team_name: nullable(t.String()) },
  { title: "AdminHost" },
);

export const presentAdminHost = (host: Host, teamName: string | null): Static<typeof AdminHostModel> => ({
  ...presentHost(host),
  team_name: teamName,
});

export const AdminTeamModel = t.Object(
  {
    id: t.String(),
    name: t.String(),
    slug: t.String(),
    is_byoc: t.Boolean(),
    limits: t.Record(t.String(), integer(), { description: "Its own; an absent one is the instance's" }),
    owner: nullable(t.Object({ user_id: t.String(), name: t.String(), email: t.String() })),
    member_count: integer(),
    sandbox_count: integer({ description: "Live ones, paused included" }),
    host_count: integer(),
    created_at: Timestamp,
  },
  { title: "AdminTeam" },
);

export const presentAdminTeam = (team: AnyTeam): Static<typeof AdminTeamModel> => ({
  id: formatTeamId(team.id),
  name: team.name,
  slug: team.slug,
  is_byoc: team.isByoc,
  limits: team.limits,
  owner: team.owner && {
    user_id: formatUserId(team.owner.userId),
    name: team.owner.name,
    email: team.owner.email,
  },
  member_count: team.memberCount,
  sandbox_count: team.sandboxCount,
  host_count: team.hostCount,
  created_at: team.createdAt.toISOString(),
});

export const AdminUserModel = t.Object(
  {
    id: t.String(),
    email: t.String(),
    name: t.String(),
    is_admin: t.Boolean(),
    is_disabled: t.Boolean(),
    has_password: t.Boolean({
      description: "False until a one-time link was used, or for other logins only",
    }),
    team_count: integer(),
    last_seen_at: nullable(Timestamp),
    created_at: Timestamp,
  },
  { title: "AdminUser" },
);

export const presentAdminUser = (user: AnyUser): Static<typeof AdminUserModel> => ({
  id: formatUserId(user.id),
  email: user.email,
  name: user.name,
  is_admin: user.isAdmin,
  is_disabled: user.isDisabled,
  has_password: user.hasPassword,
  team_count: user.teamCount,
  last_seen_at: user.lastSeenAt?.toISOString() ?? null,
  created_at: user.createdAt.toISOString(),
});
