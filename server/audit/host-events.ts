/** What the audit trail tells of hosts: a team's own in its chain, the shared ones in the platform's. */
import { formatHostId, ZERO_UUID } from "../../proto/ids.ts";
import type { Actor } from "./actor.ts";
import { bySystem } from "./entry.ts";
import type { AuditEntry, Because } from "./entry.ts";

interface Host {
  /** Null: a host of the platform. */
  teamId: string | null;
  actor: Actor;
  /** Bare UUID. */
  hostId: string;
}

type Rest = Pick<AuditEntry, "action" | "scope" | "status" | "metadata">;

const host = ({ teamId, actor, hostId }: Host, rest: Rest): AuditEntry => ({
  teamId: teamId ?? ZERO_UUID,
  actor,
  resourceType: "host",
  resourceId: formatHostId(hostId),
  ...rest,
});

export const hostEvents = {
  created: (event: Host) => host(event, { action: "create", scope: "admin", status: "success" }),
  deleted: (event: Host) => host(event, { action: "delete", scope: "admin", status: "warning" }),
  tokenIssued: (event: Host) => host(event, { action: "token_issue", scope: "admin", status: "success" }),
  /** `pause`: what runs on it is to be paused. */
  drained: (event: Host & { pause: boolean }) =>
    host(event, { action: "drain", scope: "admin", status: "success", metadata: { pause: event.pause } }),
  undrained: (event: Host) => host(event, { action: "undrain", scope: "admin", status: "success" }),
  markedDown: (event: Because<Host>) =>
    host(bySystem(event), {
      action: "marked_down",
      scope: "team",
      status: "error",
      metadata: { reason: event.reason },
    }),
  markedUp: (event: Omit<Host, "actor">) =>
    host(bySystem(event), { action: "marked_up", scope: "team", status: "success" }),
};
