/** The hash that chains audit rows: what it covers, and in which form. */
import type { Json } from "../../db/sql.ts";

/** Hash before a chain's first row. */
export const FIRST_HASH = Buffer.alloc(32);

/** What the hash covers, as stored. */
export interface HashedRow {
  team_id: string;
  seq: number;
  actor_type: string;
  actor_id: string | null;
  actor_name: string | null;
  resource_type: string;
  resource_id: string | null;
  action: string;
  scope: string;
  status: string;
  metadata: Json;
  created_at: Date;
}

const isObject = (value: Json): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

// jsonb keeps no order of keys, so the hash may not depend on it.
const canonical = (value: Json): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => canonical(item));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
};

/** SHA-256 over the previous row's hash and this row's fields as a JSON array. */
export const hashRow = (previous: Uint8Array, row: HashedRow): Buffer => {
  const fields = [
    row.team_id,
    row.seq,
    row.actor_type,
    row.actor_id,
    row.actor_name,
    row.resource_type,
    row.resource_id,
    row.action,
    row.scope,
    row.status,
    canonical(row.metadata),
    row.created_at.toISOString(),
  ];
  const hasher = new Bun.CryptoHasher("sha256").update(previous).update(JSON.stringify(fields));
  return Buffer.from(hasher.digest());
};
