/**
 * The words the schema's CHECKs allow, for the programs and the OpenAPI enums.
 * A test compares `CHECKED_COLUMNS` with the database.
 */

export const TEAM_ROLES = ["owner", "admin", "member"] as const;
export type TeamRole = (typeof TEAM_ROLES)[number];

export const API_KEY_SCOPES = ["read", "sandboxes", "templates"] as const;
export type ApiKeyScope = (typeof API_KEY_SCOPES)[number];

export const LINK_PURPOSES = ["set_password"] as const;

export const OAUTH_INTENTS = ["login", "signup", "link"] as const;
export type OauthIntent = (typeof OAUTH_INTENTS)[number];

export const HOST_TYPES = ["regular", "byoc"] as const;
export type HostType = (typeof HOST_TYPES)[number];

export const HOST_STATUSES = ["pending", "online", "unreachable"] as const;
export type HostStatus = (typeof HOST_STATUSES)[number];

export const HOLD_ENDS = ["beat", "released", "expired"] as const;
export type HoldEnd = (typeof HOLD_ENDS)[number];

export const ACCELERATORS = ["kvm", "emulated"] as const;
export type Accelerator = (typeof ACCELERATORS)[number];

export const TEMPLATE_TYPES = ["base", "snapshot"] as const;
export type TemplateType = (typeof TEMPLATE_TYPES)[number];

export const HOST_TEMPLATE_STATES = ["building", "copying", "present", "deleting"] as const;
export type HostTemplateState = (typeof HOST_TEMPLATE_STATES)[number];

export const SANDBOX_STATUSES = [
  "pending",
  "running",
  "pausing",
  "paused",
  "resuming",
  "missing",
  "stopped",
  "error",
] as const;
export type SandboxStatus = (typeof SANDBOX_STATUSES)[number];

export const TIMEOUT_KINDS = ["idle", "deadline"] as const;
export type TimeoutKind = (typeof TIMEOUT_KINDS)[number];

export const TIMEOUT_ACTIONS = ["pause", "kill"] as const;
export type TimeoutAction = (typeof TIMEOUT_ACTIONS)[number];

export const ACTOR_TYPES = ["user", "api_key", "system"] as const;
export type ActorType = (typeof ACTOR_TYPES)[number];

export const AUDIT_RESOURCE_TYPES = [
  "sandbox",
  "snapshot",
  "team",
  "api_key",
  "member",
  "host",
  "user",
] as const;
export type AuditResourceType = (typeof AUDIT_RESOURCE_TYPES)[number];

export const AUDIT_SCOPES = ["team", "admin"] as const;
export type AuditScope = (typeof AUDIT_SCOPES)[number];

export const AUDIT_STATUSES = ["success", "info", "warning", "error"] as const;
export type AuditStatus = (typeof AUDIT_STATUSES)[number];

/** Kinds of things whose changes are told; `session` to the server alone. */
export const EVENT_KINDS = [
  "sandbox",
  "host",
  "template",
  "member",
  "key",
  "team",
  "audit",
  "user",
  "session",
  "monitor",
  "quarantine",
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** Every column with a word list, as `table.column`. */
export const CHECKED_COLUMNS: Record<string, readonly string[]> = {
  "memberships.role": TEAM_ROLES,
  "api_keys.scopes": API_KEY_SCOPES,
  "one_time_links.purpose": LINK_PURPOSES,
  "oauth_flows.intent": OAUTH_INTENTS,
  "hosts.type": HOST_TYPES,
  "hosts.status": HOST_STATUSES,
  "hosts.accelerator": ACCELERATORS,
  "monitor_holds.end_reason": HOLD_ENDS,
  "templates.type": TEMPLATE_TYPES,
  "host_templates.state": HOST_TEMPLATE_STATES,
  "sandboxes.status": SANDBOX_STATUSES,
  "sandboxes.timeout_kind": TIMEOUT_KINDS,
  "sandboxes.on_timeout": TIMEOUT_ACTIONS,
  "audit_logs.actor_type": ACTOR_TYPES,
  "audit_logs.resource_type": AUDIT_RESOURCE_TYPES,
  "audit_logs.scope": AUDIT_SCOPES,
  "audit_logs.status": AUDIT_STATUSES,
  "events.kind": EVENT_KINDS,
};
