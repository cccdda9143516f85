/** Adding a host: its row, and the one-time token its machine registers with. */
import type { HostType } from "../../db/constants.ts";
import type { Sql, Tx } from "../../db/sql.ts";
import { newId } from "../../proto/ids.ts";
import { hostEvents } from "../audit/host-events.ts";
import { record } from "../audit/record.ts";
import { randomHex, sha256 } from "../auth/secrets.ts";
import { ApiError, conflict, forbidden, invalidRequest } from "../errors.ts";
import { notAMember, teamNotFound } from "../teams/errors.ts";
import { requireRole } from "../teams/roles.ts";
import { lockTeam } from "../teams/store.ts";
import { type Changer, hostNotFound, keepRight } from "./access.ts";
import { insertRegistrationToken } from "./credentials-store.ts";
import type { Host } from "./host.ts";
import { insertHost, listHostsOf, lockHost, type NewHost } from "./store.ts";

const REGISTRATION_TOKEN_SEC = 3600;

interface Deps {
  sql: Sql;
}

/** The token's text exists only here. */
export interface IssuedToken {
  token: string;
  expiresAt: Date;
}

const issueToken = async (tx: Tx, hostId: string, createdBy: string): Promise<IssuedToken> => {
  const token = randomHex(32);
  const expiresAt = new Date(Date.now() + REGISTRATION_TOKEN_SEC * 1000);
  await insertRegistrationToken(tx, { id: newId(), hostId, tokenHash: sha256(token), expiresAt, createdBy });
  return { token, expiresAt };
};

export interface WantedHost extends Omit<NewHost, "id" | "createdBy"> {
  type: HostType;
  /** Whose own it is to be; null: for a team's own, the caller's. */
  teamId: string | null;
}

/** Whose the new host is, null for the platform's; throws when it is not the caller's to add. */
const ownerOf = (
  { isAdmin, teamId: ownTeamId, role }: Changer,
  { type, teamId }: WantedHost,
): string | null => {
  if (type === "regular") {
    if (!isAdmin) throw forbidden("Only a platform admin manages the platform's hosts.");
    if (teamId !== null)
      throw invalidRequest("team_id", "type", "team_id: only a byoc host belongs to a team.");
    return null;
  }
  const owner = teamId ?? ownTeamId;
  if (owner === null) throw forbidden("Choose a team first: this token has no team.", "no_team");
  if (isAdmin) return owner;
  if (owner !== ownTeamId) throw notAMember();
  requireRole(role ?? "member", "admin", "add hosts");
  return owner;
};

/** What one team may have the server watch and call. */
const MAX_TEAM_HOSTS = 50;

const requireRoom = async (tx: Tx, teamId: string): Promise<void> => {
  const used = (await listHostsOf(tx, teamId)).length;
  if (used < MAX_TEAM_HOSTS) return;
  throw new ApiError(
    429,
    "quota_exceeded",
    `The team has ${used} hosts and may have ${MAX_TEAM_HOSTS}. Remove some first.`,
    { details: { limit: "hosts", max: MAX_TEAM_HOSTS, used } },
  );
};

/**
 * A host that does not exist yet, and the token its machine registers with.
 * @throws ApiError 403 `forbidden`, `role_required`, `not_a_member`, `byoc_not_enabled`; 404 `team_not_found`; 429
 *   `quota_exceeded`.
 */
export const createHost = (
  { sql }: Deps,
  caller: Changer,
  wanted: WantedHost,
): Promise<{ host: Host; issued: IssuedToken }> => {
  const teamId = ownerOf(caller, wanted);
  const { userId, actor } = caller;
  return sql.begin(async (tx: Tx) => {
    if (teamId !== null) {
      // It can neither end nor lose the right until the commit.
      const team = await lockTeam(tx, teamId);
      if (team === undefined) throw teamNotFound();
      if (!team.isByoc) {
        const why = "This team may not bring hosts of its own; a platform admin can allow it.";
        throw forbidden(why, "byoc_not_enabled");
      }
      await requireRoom(tx, teamId);
    }
    await keepRight(tx, caller, { teamId, what: "add hosts" });
    const host = await insertHost(tx, { ...wanted, teamId, id: newId(), createdBy: userId });
    const issued = await issueToken(tx, host.id, userId);
    await record(tx, hostEvents.created({ teamId, actor, hostId: host.id }));
    return { host, issued };
  });
};

/**
 * A fresh token for a host that never registered, or whose credentials died. The ones before end.
 * @throws ApiError 404 `host_not_found`, 409 `host_online`.
 */
export const reissueToken = (
  { sql }: Deps,
  changer: Changer,
  { id, teamId }: Pick<Host, "id" | "teamId">,
): Promise<IssuedToken> =>
  sql.begin(async (tx: Tx) => {
    await keepRight(tx, changer, { teamId, what: "issue tokens for hosts" });
    const host = await lockHost(tx, id);
    if (!host) throw hostNotFound(id);
    if (host.status === "online") {
      throw conflict(
        "host_online",
        "The host is online; its credentials work. Delete it, or stop its agent first.",
      );
    }
    const issued = await issueToken(tx, id, changer.userId);
    await record(tx, hostEvents.tokenIssued({ teamId, actor: changer.actor, hostId: id }));
    return issued;
  });
