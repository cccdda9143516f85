/**
 * What the streams of events say, for their readers: `event:` is the name, `data:` the JSON. The first event is
 * `ready` or `resync`; each of the others tells how one thing looks now. Their `id:` is for `Last-Event-ID`.
 */
import type { Static } from "elysia";

import type { AdminHostModel, AdminTeamModel, AdminUserModel } from "../admin/present.ts";
import type { AuditModel } from "../audit/present.ts";
import type { HostModel } from "../hosts/present.ts";
import type { ApiKeyModel } from "../keys/present.ts";
import type { SandboxModel } from "../sandboxes/present.ts";
import type { MemberModel, TeamProfileModel } from "../teams/present.ts";
import type { TemplateModel } from "../templates/present.ts";

export const EVENT_ACTIONS = ["created", "updated", "deleted"] as const;
export type EventAction = (typeof EVENT_ACTIONS)[number];

/**
 * Why a reader has to fetch anew what it shows: its `Last-Event-ID` is too old or not of this database, it reads
 * too slowly, or more changed at once than is told one by one.
 */
export const RESYNC_REASONS = ["too_old", "unknown", "slow", "too_many"] as const;
export type ResyncReason = (typeof RESYNC_REASONS)[number];

interface Told<Name extends string, Resource> {
  event: Name;
  data: {
    action: EventAction;
    /** As in the REST answers; of a member the person's. */
    id: string;
    /** The thing as the REST answers have it; null when it is gone, or is to be fetched. */
    resource: Resource | null;
  };
}

/** On every stream. */
export type ControlEvent =
  /** The stream is live from here: fetch what is shown now, unless this one `resumed` the one before. */
  | { event: "ready"; data: { resumed: boolean } }
  /** Things may have been missed: fetch anew what is shown. The stream goes on. */
  | { event: "resync"; data: { reason: ResyncReason } }
  /** The right to this stream is gone: the last event. Signing in again may help, coming back at once does not. */
  | { event: "auth"; data: { error: { code: string; message: string } } };

/** On `/v1/events`. */
export type TeamEvent =
  | ControlEvent
  | Told<"sandbox", Static<typeof SandboxModel>>
  | Told<"host", Static<typeof HostModel>>
  | Told<"template", Static<typeof TemplateModel>>
  | Told<"member", Static<typeof MemberModel>>
  | Told<"key", Static<typeof ApiKeyModel>>
  | Told<"team", Static<typeof TeamProfileModel>>
  | Told<"audit", Static<typeof AuditModel>>
  /** The caller joined or left another team; `GET /v1/teams` has the list. */
  | { event: "teams"; data: { team_id: string } };

/** On `/v1/admin/events`. `monitor` and `quarantine` come without the thing. */
export type AdminEvent =
  | ControlEvent
  | Told<"host", Static<typeof AdminHostModel>>
  | Told<"team", Static<typeof AdminTeamModel>>
  | Told<"user", Static<typeof AdminUserModel>>
  | Told<"audit", Static<typeof AuditModel>>
  | Told<"monitor", never>
  | Told<"quarantine", never>;
