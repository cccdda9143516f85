/** Which tables a backup holds, in an order that satisfies every foreign key. */
import type { Queryable } from "../../../db/sql.ts";

/**
 * Kept apart from the data (the migrator's own), worthless a day later, or untrue elsewhere: what hosts hold that
 * a restored database does not know begins its quarantine anew.
 */
const LEFT_OUT = new Set([
  "schema_migrations",
  "events",
  "rate_limits",
  "idempotency_keys",
  "oauth_flows",
  "monitor",
  "monitor_holds",
  "quarantine",
]);

export interface Table {
  name: string;
  columns: string[];
}

const listTables = async (sql: Queryable): Promise<Table[]> => {
  const rows = await sql<{ name: string; columns: string[] }[]>`
    select table_name as name, array_agg(column_name::text order by ordinal_position) as columns
    from information_schema.columns join information_schema.tables using (table_schema, table_name)
    where table_schema = 'public' and table_type = 'BASE TABLE' and is_generated = 'NEVER'
    group by table_name order by table_name`;
  return rows.filter(({ name }) => !LEFT_OUT.has(name));
};

const listReferences = (sql: Queryable): Promise<{ from: string; to: string }[]> => sql`
  select conrelid::regclass::text as from, confrelid::regclass::text as to
  from pg_constraint where contype = 'f' and conrelid <> confrelid`;

/** Every table after all tables it points at. */
export const orderByReferences = (tables: Table[], references: { from: string; to: string }[]): Table[] => {
  const ordered = new Map<string, Table>();
  const place = (table: Table): void => {
    if (ordered.has(table.name)) return;
    for (const { from, to } of references) {
      const target = from === table.name ? tables.find(({ name }) => name === to) : undefined;
      if (target !== undefined) place(target);
    }
    ordered.set(table.name, table);
  };
  for (const table of tables) place(table);
  return [...ordered.values()];
};

export const readTables = async (sql: Queryable): Promise<Table[]> =>
  orderByReferences(await listTables(sql), await listReferences(sql));
