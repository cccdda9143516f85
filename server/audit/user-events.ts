/** What the platform's audit trail tells of accounts. Ids are bare UUIDs. */
import { formatSessionId, formatUserId, ZERO_UUID } from "../../proto/ids.ts";
import { SYSTEM } from "./actor.ts";
import type { Actor } from "./actor.ts";
import type { AuditEntry } from "./entry.ts";

interface User {
  actor: Actor;
  userId: string;
}

type Rest = Pick<AuditEntry, "action" | "status" | "metadata">;

const user = ({ actor, userId }: User, rest: Rest): AuditEntry => ({
  teamId: ZERO_UUID,
  actor,
  resourceType: "user",
  resourceId: formatUserId(userId),
  scope: "admin",
  ...rest,
});

/** By which provider; nothing when it was by password. */
interface By {
  provider?: string;
}

const by = ({ provider }: By): AuditEntry["metadata"] => (provider === undefined ? {} : { provider });

export const userEvents = {
  signedUp: (event: User & By & { email: string }) =>
    user(event, { action: "signup", status: "success", metadata: { email: event.email, ...by(event) } }),
  loggedIn: (event: User & By) => user(event, { action: "login", status: "success", metadata: by(event) }),
  /** `userId` null: there is no such account. */
  loginFailed: (event: { email: string; userId: string | null; reason: string }): AuditEntry => ({
    teamId: ZERO_UUID,
    actor: SYSTEM,
    resourceType: "user",
    resourceId: event.userId === null ? null : formatUserId(event.userId),
    action: "login_failed",
    scope: "admin",
    status: "warning",
    metadata: { email: event.email, reason: event.reason },
  }),
  passwordChanged: (event: User) => user(event, { action: "password_change", status: "info" }),
  sessionRevoked: (event: User & { sessionId: string; reason: string }) =>
    user(event, {
      action: "session_revoke",
      status: "info",
      metadata: { session: formatSessionId(event.sessionId), reason: event.reason },
    }),
  /** All sessions of an account at once, or all but the one that asked. */
  sessionsRevoked: (event: User & { reason: string }) =>
    user(event, { action: "session_revoke", status: "info", metadata: { reason: event.reason } }),
  identityLinked: (event: User & { provider: string }) =>
    user(event, { action: "identity_link", status: "info", metadata: { provider: event.provider } }),
  identityUnlinked: (event: User & { provider: string }) =>
    user(event, { action: "identity_unlink", status: "info", metadata: { provider: event.provider } }),
  disabled: (event: User) => user(event, { action: "disable", status: "warning" }),
  enabled: (event: User) => user(event, { action: "enable", status: "info" }),
  adminGranted: (event: User) => user(event, { action: "admin_grant", status: "warning" }),
  adminRevoked: (event: User) => user(event, { action: "admin_revoke", status: "warning" }),
  /** By an administrator; the person sets a password with a one-time link. */
  added: (event: User & { email: string }) =>
    user(event, { action: "signup", status: "success", metadata: { email: event.email, by: "admin" } }),
  /** A one-time link to set a password was handed out. */
  resetLinkIssued: (event: User) => user(event, { action: "reset_link", status: "warning" }),
};
