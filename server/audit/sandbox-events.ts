/** What the audit trail tells of sandboxes and snapshots. Ids are bare UUIDs. */
import { formatSandboxId } from "../../proto/ids.ts";
import type { Actor } from "./actor.ts";
import { bySystem } from "./entry.ts";
import type { AuditEntry, Because } from "./entry.ts";

interface Sandbox {
  teamId: string;
  actor: Actor;
  sandboxId: string;
}

interface Snapshot {
  teamId: string;
  actor: Actor;
  name: string;
}

type Rest = Pick<AuditEntry, "action" | "status" | "metadata">;

const sandbox = ({ teamId, actor, sandboxId }: Sandbox, rest: Rest): AuditEntry => ({
  teamId,
  actor,
  resourceType: "sandbox",
  resourceId: formatSandboxId(sandboxId),
  scope: "team",
  ...rest,
});

const snapshot = ({ teamId, actor, name }: Snapshot, rest: Rest): AuditEntry => ({
  teamId,
  actor,
  resourceType: "snapshot",
  resourceId: name,
  scope: "team",
  ...rest,
});

export const sandboxEvents = {
  created: (event: Sandbox & { template: string }) =>
    sandbox(event, { action: "create", status: "success", metadata: { template: event.template } }),
  createFailed: (event: Sandbox & { reason: string }) =>
    sandbox(event, { action: "create", status: "error", metadata: { reason: event.reason } }),
  paused: (event: Sandbox) => sandbox(event, { action: "pause", status: "success" }),
  pausedBySystem: (event: Because<Sandbox>) =>
    sandbox(bySystem(event), { action: "pause", status: "info", metadata: { reason: event.reason } }),
  resumed: (event: Sandbox) => sandbox(event, { action: "resume", status: "success" }),
  resumedBySystem: (event: Because<Sandbox>) =>
    sandbox(bySystem(event), { action: "resume", status: "info", metadata: { reason: event.reason } }),
  /** A link was made that opens a port to whoever has it. */
  previewed: (event: Sandbox & { port: number; expiresAt: Date }) =>
    sandbox(event, {
      action: "preview_url",
      status: "info",
      metadata: { port: event.port, expires_at: event.expiresAt.toISOString() },
    }),
  /** `sandboxId` is the child's. */
  forked: (event: Sandbox & { sourceId: string }) =>
    sandbox(event, {
      action: "fork",
      status: "success",
      metadata: { source: formatSandboxId(event.sourceId) },
    }),
  destroyed: (event: Sandbox) => sandbox(event, { action: "destroy", status: "warning" }),
  destroyedBySystem: (event: Because<Sandbox>) =>
    sandbox(bySystem(event), { action: "destroy", status: "info", metadata: { reason: event.reason } }),
  missing: (event: Because<Sandbox>) =>
    sandbox(bySystem(event), { action: "missing", status: "error", metadata: { reason: event.reason } }),
  lost: (event: Because<Sandbox>) =>
    sandbox(bySystem(event), { action: "lost", status: "error", metadata: { reason: event.reason } }),
  crashed: (event: Because<Sandbox>) =>
    sandbox(bySystem(event), { action: "crashed", status: "error", metadata: { reason: event.reason } }),
  returned: (event: Omit<Sandbox, "actor">) =>
    sandbox(bySystem(event), { action: "returned", status: "success" }),
};

export const snapshotEvents = {
  created: (event: Snapshot) => snapshot(event, { action: "create", status: "success" }),
  deleted: (event: Snapshot) => snapshot(event, { action: "delete", status: "warning" }),
};
