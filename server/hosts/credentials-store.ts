/** SQL about what hosts sign in with: one-time registration tokens and rotating refresh tokens. */
import type { Accelerator } from "../../db/constants.ts";
import type { Queryable, Tx } from "../../db/sql.ts";
import { type Host, type HostRow, toHost } from "./host.ts";

/** What a machine tells about itself when it registers. */
export interface HostSpecs {
  arch: string;
  cpuCores: number;
  memoryMb: number;
  diskGb: number;
  address: string;
  tlsCert: string | null;
  agentVersion: string;
  accelerator: Accelerator;
  runtimeId: string;
}

/** Replaces the host's unused tokens: only the newest command works. */
export const insertRegistrationToken = async (
  tx: Tx,
  token: { id: string; hostId: string; tokenHash: Buffer; expiresAt: Date; createdBy: string | null },
): Promise<void> => {
  await tx`
    update host_registration_tokens set used_at = now()
    where host_id = ${token.hostId} and used_at is null`;
  await tx`insert into host_registration_tokens ${tx({
    id: token.id,
    host_id: token.hostId,
    token_hash: token.tokenHash,
    expires_at: token.expiresAt,
    created_by: token.createdBy,
  })}`;
};

/**
 * Uses the token up, once: its host, or null when it is unknown, used, expired, or the host gone or without a
 * live team that may have it. The host is locked first, as whoever deletes it does.
 */
export const consumeRegistrationToken = async (tx: Tx, tokenHash: Buffer): Promise<string | null> => {
  const [row] = await tx<{ host_id: string }[]>`
    with host as (
      select h.id from hosts h
      join host_registration_tokens t on t.host_id = h.id
      left join teams o on o.id = h.team_id
      where t.token_hash = ${tokenHash} and h.deleted_at is null
        and (h.team_id is null or (o.is_byoc and o.deleted_at is null))
      for no key update of h
    )
    update host_registration_tokens t set used_at = now()
    from host
    where t.token_hash = ${tokenHash} and t.used_at is null and t.expires_at > now() and host.id = t.host_id
    returning t.host_id`;
  return row?.host_id ?? null;
};

/** Its sandboxes stay: a host that lost its credentials comes back under its own id. */
export const saveSpecs = async (tx: Tx, id: string, specs: HostSpecs): Promise<Host> => {
  const [row] = await tx<HostRow[]>`
    update hosts set arch = ${specs.arch}, cpu_cores = ${specs.cpuCores},
      memory_mb = ${specs.memoryMb}, disk_gb = ${specs.diskGb}, address = ${specs.address},
      tls_cert = ${specs.tlsCert}, agent_version = ${specs.agentVersion},
      accelerator = ${specs.accelerator}, runtime_id = ${specs.runtimeId}, updated_at = now()
    where id = ${id} returning *`;
  if (!row) throw new Error(`host ${id} vanished while registering`);
  await tx`update host_refresh_tokens set revoked_at = now() where host_id = ${id} and revoked_at is null`;
  return toHost(row);
};

export interface NewRefreshToken {
  id: string;
  hostId: string;
  familyId: string;
  tokenHash: Buffer;
  expiresAt: Date;
}

export const insertRefreshToken = async (sql: Queryable, token: NewRefreshToken): Promise<void> => {
  await sql`insert into host_refresh_tokens ${sql({
    id: token.id,
    host_id: token.hostId,
    family_id: token.familyId,
    token_hash: token.tokenHash,
    expires_at: token.expiresAt,
  })}`;
};

export interface RefreshToken {
  id: string;
  hostId: string;
  familyId: string;
  /** `live`, or used: `lost_reply` while its successor is unused and the rotation a moment ago. */
  state: "live" | "lost_reply" | "used";
  /** Null while live. */
  successorId: string | null;
}

/**
 * A token that has not expired, of a host that is not deleted; its family is locked until the transaction
 * ends.
 * @param graceSec how long after a rotation the reply may count as lost.
 */
export const lockRefreshToken = async (
  tx: Tx,
  { tokenHash, graceSec }: { tokenHash: Buffer; graceSec: number },
): Promise<RefreshToken | null> => {
  const [family] = await tx<{ id: string; familyId: string }[]>`
    select r.id, r.family_id as "familyId"
    from host_refresh_tokens r join hosts h on h.id = r.host_id
    where r.token_hash = ${tokenHash} and r.expires_at > now() and h.deleted_at is null`;
  if (!family) return null;
  await tx`
    select id from host_refresh_tokens where family_id = ${family.familyId} order by id for update`;
  const [row] = await tx<RefreshToken[]>`
    select r.id, r.host_id as "hostId", r.family_id as "familyId", r.replaced_by as "successorId",
      case
        when r.revoked_at is null then 'live'
        when r.revoked_at > now() - make_interval(secs => ${graceSec})
          and s.revoked_at is null and s.id is not null then 'lost_reply'
        else 'used'
      end as state
    from host_refresh_tokens r left join host_refresh_tokens s on s.id = r.replaced_by
    where r.id = ${family.id}`;
  return row ?? null;
};

/** The deleted host that had this token, in whatever state it is. */
export const findDeletedHost = async (sql: Queryable, tokenHash: Buffer): Promise<string | null> => {
  const [row] = await sql<{ id: string }[]>`
    select h.id from host_refresh_tokens r join hosts h on h.id = r.host_id
    where r.token_hash = ${tokenHash} and h.deleted_at is not null`;
  return row?.id ?? null;
};

export const replaceRefreshToken = async (
  tx: Tx,
  { id, replacedBy }: { id: string; replacedBy: string },
): Promise<void> => {
  await tx`
    update host_refresh_tokens set revoked_at = coalesce(revoked_at, now()), replaced_by = ${replacedBy}
    where id = ${id}`;
};

export const revokeToken = async (tx: Tx, id: string): Promise<void> => {
  await tx`update host_refresh_tokens set revoked_at = now() where id = ${id} and revoked_at is null`;
};

/** Ends every token of one sign-in: a used token came back. */
export const revokeFamily = async (tx: Tx, familyId: string): Promise<void> => {
  await tx`
    update host_refresh_tokens set revoked_at = now()
    where family_id = ${familyId} and revoked_at is null`;
};
