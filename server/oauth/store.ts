/** All SQL of ways to providers and of the identities they gave. */
import type { OauthIntent } from "../../db/constants.ts";
import type { Queryable } from "../../db/sql.ts";

/** Who asks for an identity as a further way to sign in. */
export interface Linker {
  userId: string;
  sessionId: string;
}

export interface FlowRow {
  intent: OauthIntent;
  /** Who asked for a link, and in which session; else null. */
  user_id: string | null;
  family_id: string | null;
  is_live: boolean;
}

export const insertFlow = async (
  sql: Queryable,
  flow: {
    stateHash: Buffer;
    provider: string;
    intent: OauthIntent;
    linker: Linker | null;
    lifeSec: number;
  },
): Promise<void> => {
  await sql`
    insert into oauth_flows (state_hash, provider, intent, user_id, family_id, expires_at)
    values (${flow.stateHash}, ${flow.provider}, ${flow.intent}, ${flow.linker?.userId ?? null},
      ${flow.linker?.sessionId ?? null}, now() + make_interval(secs => ${flow.lifeSec}))`;
};

/** Takes the way out that this is the way back of: of any number who try, one gets it. */
export const takeFlow = async (
  sql: Queryable,
  flow: { stateHash: Buffer; provider: string },
): Promise<FlowRow | undefined> => {
  const [row] = await sql<FlowRow[]>`
    delete from oauth_flows where state_hash = ${flow.stateHash} and provider = ${flow.provider}
    returning intent, user_id, family_id, expires_at > now() as is_live`;
  return row;
};

export interface IdentityRow {
  provider: string;
  email: string;
  created_at: Date;
}

/** Account an identity belongs to. */
export interface OwnerRow {
  id: string;
  email: string;
  name: string;
  is_disabled: boolean;
}

export const findOwner = async (
  sql: Queryable,
  identity: { provider: string; providerUserId: string },
): Promise<OwnerRow | undefined> => {
  const [row] = await sql<OwnerRow[]>`
    select u.id, u.email, u.name, u.disabled_at is not null as is_disabled
    from oauth_identities i join users u on u.id = i.user_id
    where i.provider = ${identity.provider} and i.provider_user_id = ${identity.providerUserId}`;
  return row;
};

/**
 * Throws the unique violation `oauth_identities_pkey` when the identity is someone's, and
 * `oauth_identities_one_per_provider` when the account has another one there.
 */
export const insertIdentity = async (
  tx: Queryable,
  identity: { provider: string; providerUserId: string; userId: string; email: string },
): Promise<void> => {
  await tx`
    insert into oauth_identities (provider, provider_user_id, user_id, email)
    values (${identity.provider}, ${identity.providerUserId}, ${identity.userId}, ${identity.email})`;
};

/** At most one per provider. */
export const listIdentities = (sql: Queryable, userId: string): Promise<IdentityRow[]> => sql<IdentityRow[]>`
  select provider, email, created_at from oauth_identities
  where user_id = ${userId} order by created_at, provider`;

export const deleteIdentity = async (
  tx: Queryable,
  identity: { userId: string; provider: string },
): Promise<void> => {
  await tx`
    delete from oauth_identities
    where user_id = ${identity.userId} and provider = ${identity.provider}`;
};
