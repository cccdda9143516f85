/** `bun run migrate [--status]`: applies the migrations to DATABASE_URL, or tells which are applied. */
import { checkApplied, migrate, readApplied } from "./migrate.ts";
import { MIGRATIONS_DIRECTORY, readMigrations } from "./migration-files.ts";
import { connectDatabase } from "./sql.ts";

const USAGE = "usage: DATABASE_URL=postgres://… bun run migrate [--status]";

const printStatus = async (url: string): Promise<void> => {
  const files = await readMigrations(MIGRATIONS_DIRECTORY);
  const sql = connectDatabase({ url, applicationName: "wrenn migrate --status", maxConnections: 1 });
  try {
    const applied = await readApplied(sql);
    for (const file of files) {
      const row = applied.find(({ version }) => version === file.version);
      const state = row === undefined ? "pending" : `applied ${row.applied_at.toISOString()}`;
      console.log(`${String(file.version).padStart(4, "0")}_${file.name}  ${state}`);
    }
    checkApplied(files, applied);
  } finally {
    await sql.end({ timeout: 5 });
  }
};

const printMigrate = async (url: string): Promise<void> => {
  const { applied, role } = await migrate({ url });
  console.log(applied.length === 0 ? "The database is up to date." : `Applied: ${applied.join(", ")}.`);
  if (role === null) {
    console.log(
      "The database's user may not make roles, so the server will run as that user: the append-only " +
        "trigger alone guards the audit trail. Granting it CREATEROLE adds the second guard.",
    );
  }
};

const main = async (argv: string[]): Promise<number> => {
  const url = process.env["DATABASE_URL"];
  const [flag, ...rest] = argv;
  if (url === undefined || url === "" || rest.length > 0 || (flag !== undefined && flag !== "--status")) {
    console.error(USAGE);
    return 2;
  }
  try {
    await (flag === "--status" ? printStatus(url) : printMigrate(url));
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
};

process.exit(await main(Bun.argv.slice(2)));
