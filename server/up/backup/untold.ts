/** Puts rows in without telling anyone that they are new: they are as old as the backup, and may be millions. */
import type { Tx } from "../../../db/sql.ts";

/** As the migrations name the triggers that note live events. */
const SUFFIX = "\\_tell";

const setTelling = async (tx: Tx, enabled: boolean): Promise<void> => {
  const triggers = await tx<{ table: string; name: string }[]>`
    select tgrelid::regclass::text as table, tgname as name from pg_trigger
    where not tgisinternal and tgname like ${`%${SUFFIX}`}`;
  for (const { table, name } of triggers) {
    await tx`alter table ${tx(table)} ${enabled ? tx`enable` : tx`disable`} trigger ${tx(name)}`;
  }
};

/** The tables must be the caller's own. Whatever ends the transaction early brings the triggers back too. */
export const untold = async <T>(tx: Tx, work: () => Promise<T>): Promise<T> => {
  await setTelling(tx, false);
  const result = await work();
  await setTelling(tx, true);
  return result;
};
