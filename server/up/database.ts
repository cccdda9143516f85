/** The database of an instance: the operator's own, or an embedded one that is kept going. */
import { type EmbeddedDatabase, startEmbedded } from "../../db/embedded.ts";
import { migrate } from "../../db/migrate.ts";
import { connectDatabase, type Sql } from "../../db/sql.ts";
import { describeError } from "./failure.ts";
import { identify, isAlive } from "./processes.ts";

export interface InstanceDatabase {
  url: string;
  isEmbedded: boolean;
  /** Migrations applied just now. */
  applied: number;
  /** For the start's own few queries. */
  sql: Sql;
  stop(): Promise<void>;
}

const WATCH_MS = 1_000;

/** Starts it again when it is gone; returns what stops both the watch and the database. */
const keepRunning = (
  first: EmbeddedDatabase,
  directory: string,
  tell: (line: string) => void,
): (() => Promise<void>) => {
  let database = first;
  let identity = identify(first.pid);
  let restarting: Promise<void> = Promise.resolve();
  const restart = async (): Promise<void> => {
    tell("the database ended; starting it again");
    try {
      database = await startEmbedded({ directory });
      identity = identify(database.pid);
    } catch (error) {
      tell(`the database does not start: ${describeError(error)}`);
    }
  };
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy || (identity !== null && isAlive(identity))) return;
    isBusy = true;
    restarting = restart().finally(() => {
      isBusy = false;
    });
  }, WATCH_MS);
  return async () => {
    clearInterval(timer);
    await restarting;
    await database.stop();
  };
};

/** Ready and migrated. `DATABASE_URL` wins over an embedded one in `directory`. */
export const openDatabase = async (
  directory: string,
  tell: (line: string) => void,
): Promise<InstanceDatabase> => {
  const external = process.env.DATABASE_URL?.trim() ?? "";
  const embedded = external === "" ? await startEmbedded({ directory }) : null;
  const url = embedded?.url ?? external;
  const stopEmbedded = embedded === null ? null : keepRunning(embedded, directory, tell);
  const sql = connectDatabase({ url, applicationName: "wrenn up", maxConnections: 2 });
  const stop = async (): Promise<void> => {
    await sql.end({ timeout: 5 });
    await stopEmbedded?.();
  };
  try {
    const { applied } = await migrate({ url });
    return { url, isEmbedded: embedded !== null, applied: applied.length, sql, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
