/** What the audit trail tells of a team's people. Ids are bare UUIDs; `userId` is whom it happens to. */
import type { TeamRole } from "../../db/constants.ts";
import { formatUserId } from "../../proto/ids.ts";
import type { Actor } from "./actor.ts";
import type { AuditEntry } from "./entry.ts";

interface Member {
  teamId: string;
  actor: Actor;
  userId: string;
}

type Rest = Pick<AuditEntry, "action" | "status" | "metadata">;

const member = ({ teamId, actor, userId }: Member, rest: Rest): AuditEntry => ({
  teamId,
  actor,
  resourceType: "member",
  resourceId: formatUserId(userId),
  scope: "admin",
  ...rest,
});

/** What went with a membership: keys that its person had made stop for good. */
type Gone = Member & { email: string; keysRevoked: number };

const goneMetadata = ({ email, keysRevoked }: Gone) => ({ email, keys_revoked: keysRevoked });

export const memberEvents = {
  added: (event: Member & { email: string; role: TeamRole }) =>
    member(event, {
      action: "add",
      status: "success",
      metadata: { email: event.email, role: event.role },
    }),
  removed: (event: Gone) =>
    member(event, { action: "remove", status: "warning", metadata: goneMetadata(event) }),
  left: (event: Gone) => member(event, { action: "leave", status: "info", metadata: goneMetadata(event) }),
  roleUpdated: (event: Member & { newRole: TeamRole }) =>
    member(event, { action: "role_update", status: "info", metadata: { new_role: event.newRole } }),
};
