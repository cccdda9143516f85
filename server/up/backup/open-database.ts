/** Opens the database of an instance for a maintenance command, whether or not that instance is up. */
import { embeddedUrl, startEmbedded } from "../../../db/embedded.ts";
import { connectDatabase, type Sql } from "../../../db/sql.ts";
import { defaultDirectory, lockDirectory, prepareDirectory, tryLockDirectory } from "../data-directory.ts";

export interface OpenDatabase {
  sql: Sql;
  url: string;
}

const withUrl = async <T>(url: string, work: (database: OpenDatabase) => Promise<T>): Promise<T> => {
  const sql = connectDatabase({
    url,
    applicationName: "wrenn maintenance",
    maxConnections: 1,
    statementTimeoutMs: 0,
  });
  try {
    return await work({ sql, url });
  } finally {
    await sql.end({ timeout: 5 });
  }
};

/**
 * `DATABASE_URL` when set, else the embedded database of `dir`, started for the time of `work` unless a
 * running `up` has it. `exclusive` refuses a running `up`.
 */
export const withDatabase = async <T>(
  options: { dir: string | null; exclusive: boolean },
  work: (database: OpenDatabase) => Promise<T>,
): Promise<T> => {
  const external = process.env.DATABASE_URL ?? "";
  if (external !== "") return withUrl(external, work);
  const paths = prepareDirectory(options.dir ?? defaultDirectory());
  const lock = options.exclusive ? lockDirectory(paths) : tryLockDirectory(paths);
  if (lock === null) return withUrl(await embeddedUrl(paths.database), work);
  try {
    const database = await startEmbedded({ directory: paths.database });
    try {
      return await withUrl(database.url, work);
    } finally {
      await database.stop();
    }
  } finally {
    lock.release();
  }
};
