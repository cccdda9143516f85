/** All SQL of one-time links. */
import type { Queryable } from "../../db/sql.ts";

/** Replaces the person's unused links: only the newest works. */
export const insertLink = async (
  tx: Queryable,
  link: { id: string; userId: string; tokenHash: Buffer; expiresAt: Date },
): Promise<void> => {
  await endLinks(tx, link.userId);
  await tx`
    insert into one_time_links (id, user_id, purpose, token_hash, expires_at)
    values (${link.id}, ${link.userId}, 'set_password', ${link.tokenHash}, ${link.expiresAt})`;
};

/** Whose link this is while it can be used; undefined for one that is unknown, used or expired. */
export const findLink = async (
  sql: Queryable,
  tokenHash: Buffer,
): Promise<{ userId: string; email: string; name: string } | undefined> => {
  const [row] = await sql<{ userId: string; email: string; name: string }[]>`
    select u.id as "userId", u.email, u.name
    from one_time_links l join users u on u.id = l.user_id
    where l.token_hash = ${tokenHash} and l.used_at is null and l.expires_at > now()
      and u.disabled_at is null`;
  return row;
};

/** Uses the link up, once, however many try at the same time; false for all but one. */
export const consumeLink = async (tx: Queryable, tokenHash: Buffer): Promise<boolean> => {
  const rows = await tx`
    update one_time_links set used_at = now()
    where token_hash = ${tokenHash} and used_at is null and expires_at > now() returning id`;
  return rows.length === 1;
};

/** The person's links stop working. */
export const endLinks = async (tx: Queryable, userId: string): Promise<void> => {
  await tx`update one_time_links set used_at = now() where user_id = ${userId} and used_at is null`;
};
