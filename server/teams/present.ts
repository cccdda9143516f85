/** Teams and their people as the API shows them. */
import { type Static, t } from "elysia";

import { formatTeamId, formatUserId } from "../../proto/ids.ts";
import { integer, TeamRoleWord, Timestamp } from "../http/schemas.ts";
import type { Member } from "./members-store.ts";
import type { Team, TeamProfile } from "./team.ts";

export const TeamModel = t.Object(
  {
    id: t.String({ examples: ["team-0198c0de-0000-7000-8000-000000000001"] }),
    name: t.String(),
    slug: t.String({ description: "Never changes, never used twice", examples: ["a1b2c3-d1e2f3"] }),
    is_byoc: t.Boolean({ description: "Its sandboxes run on its own hosts only" }),
    limits: t.Record(t.String(), integer(), {
      description: "Its own limits; an absent one is the instance's",
    }),
    role: TeamRoleWord,
    is_default: t.Boolean({ description: "Where your sign-ins start" }),
    joined_at: Timestamp,
    created_at: Timestamp,
  },
  { title: "Team" },
);

/** A team as it is for everyone in it. */
export const TeamProfileModel = t.Omit(TeamModel, ["role", "is_default", "joined_at"], {
  title: "TeamProfile",
});

export const MemberModel = t.Object(
  {
    user_id: t.String(),
    name: t.String(),
    email: t.String(),
    role: TeamRoleWord,
    is_disabled: t.Boolean({ description: "A platform admin disabled the account" }),
    joined_at: Timestamp,
  },
  { title: "Member" },
);

export const presentTeamProfile = (team: TeamProfile): Static<typeof TeamProfileModel> => ({
  id: formatTeamId(team.id),
  name: team.name,
  slug: team.slug,
  is_byoc: team.isByoc,
  limits: team.limits,
  created_at: team.createdAt.toISOString(),
});

export const presentTeam = (team: Team): Static<typeof TeamModel> => ({
  ...presentTeamProfile(team),
  role: team.role,
  is_default: team.isDefault,
  joined_at: team.joinedAt.toISOString(),
});

export const presentMember = (member: Member): Static<typeof MemberModel> => ({
  user_id: formatUserId(member.userId),
  name: member.name,
  email: member.email,
  role: member.role,
  is_disabled: member.isDisabled,
  joined_at: member.joinedAt.toISOString(),
});
