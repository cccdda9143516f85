/** What the audit trail tells of teams and their keys. Ids are bare UUIDs. */
import { formatKeyId, formatTeamId, formatUserId, ZERO_UUID } from "../../proto/ids.ts";
import type { Actor } from "./actor.ts";
import type { AuditEntry } from "./entry.ts";

interface Team {
  teamId: string;
  actor: Actor;
}
type Key = Team & { keyId: string; name: string };

type Rest = Pick<AuditEntry, "action" | "status" | "metadata">;

const team = ({ teamId, actor }: Team, rest: Rest & Pick<AuditEntry, "scope">): AuditEntry => ({
  teamId,
  actor,
  resourceType: "team",
  resourceId: formatTeamId(teamId),
  ...rest,
});

const forPlatform = (entry: AuditEntry): AuditEntry => ({ ...entry, teamId: ZERO_UUID });

const key = ({ teamId, actor, keyId, name }: Key, rest: Omit<Rest, "metadata">): AuditEntry => ({
  teamId,
  actor,
  resourceType: "api_key",
  resourceId: formatKeyId(keyId),
  scope: "team",
  metadata: { name },
  ...rest,
});

export const teamEvents = {
  created: (event: Team) => team(event, { action: "create", scope: "team", status: "success" }),
  renamed: (event: Team & { oldName: string; newName: string }) =>
    team(event, {
      action: "rename",
      scope: "team",
      status: "info",
      metadata: { old_name: event.oldName, new_name: event.newName },
    }),
  /** A deletion is told twice: to the team, and with `deletedForPlatform` to the platform. */
  deleted: (event: Team) => team(event, { action: "delete", scope: "team", status: "warning" }),
  deletedForPlatform: (event: Team) =>
    forPlatform(team(event, { action: "delete", scope: "admin", status: "warning" })),
  byocSet: (event: Team & { enabled: boolean }) =>
    forPlatform(
      team(event, {
        action: "set_byoc",
        scope: "admin",
        status: "info",
        metadata: { enabled: event.enabled },
      }),
    ),
  /** `limits` by wire name: the team's own from now on. */
  limitsSet: (event: Team & { limits: Record<string, number> }) =>
    forPlatform(
      team(event, { action: "set_limits", scope: "admin", status: "info", metadata: event.limits }),
    ),
  ownershipTransferred: (event: Team & { newOwnerId: string }) =>
    team(event, {
      action: "transfer_ownership",
      scope: "admin",
      status: "info",
      metadata: { new_owner: formatUserId(event.newOwnerId) },
    }),
};

export const keyEvents = {
  created: (event: Key) => key(event, { action: "create", status: "success" }),
  revoked: (event: Key) => key(event, { action: "revoke", status: "warning" }),
};
