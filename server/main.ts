/** Starts the server and stops it: configuration, migrations, settings, listener; in reverse at the end. */
import { migrate } from "../db/migrate.ts";
import { connectDatabase, isDatabaseAway } from "../db/sql.ts";
import { readConfig } from "./config.ts";
import { startServer } from "./start.ts";
import { stderrLog } from "./stderr-log.ts";

const log = stderrLog();

// What nobody waited for may not take every request down with it; what nobody caught leaves an unknown state.
process.on("unhandledRejection", (error) => log.error("unhandled rejection", { error }));
process.on("uncaughtException", (error) => {
  log.error("uncaught exception", { error });
  process.exit(1);
});

const run = async (): Promise<void> => {
  const config = readConfig(process.env);
  const { role, applied } = await migrate({ url: config.databaseUrl }).catch((error) => {
    if (!isDatabaseAway(error)) throw error;
    throw new Error(`DATABASE_URL: the database cannot be reached (${error.message})`, { cause: error });
  });
  if (applied.length > 0) log.info("migrations applied", { versions: applied });
  if (role === null) {
    log.warn("the database's user may not make roles: the append-only trigger alone guards the audit trail");
  }
  const sql = connectDatabase({ url: config.databaseUrl, applicationName: "wrenn server", role });
  const server = await startServer({ config, sql, log });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info("stopping", { signal });
      server.stop().then(
        () => process.exit(0),
        (error) => {
          log.error("stopping failed", { error });
          process.exit(1);
        },
      );
    });
  }
};

try {
  await run();
} catch (error) {
  // One sentence for the person who starts it; the log line for whoever reads logs.
  console.error(error instanceof Error ? error.message : String(error));
  log.error("the server could not start", { error });
  process.exit(1);
}
