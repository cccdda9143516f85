/**
 * `bun run admin COMMAND`: for the operator, on the server's machine. Works on DATABASE_URL, else on the
 * database of an `up`, whether or not that is running.
 */
import { parseArgs } from "node:util";

import { hasEmbedded, startEmbedded } from "../../db/embedded.ts";
import type { EmbeddedDatabase } from "../../db/embedded.ts";
import { migrate } from "../../db/migrate.ts";
import { connectDatabase } from "../../db/sql.ts";
import type { Sql } from "../../db/sql.ts";
import { dataPaths, defaultDirectory } from "../up/data-directory.ts";
import { createKeyFor, grantAdmin, resetPassword } from "./operations.ts";

const USAGE = `usage: bun run admin COMMAND [--dir DIRECTORY]

  reset-password EMAIL                       set a new password, end all sessions, print the password
  create-key EMAIL [--name N] [--team ID]    make an API key in the account's team, print it
  grant-admin EMAIL                          make the account a platform administrator

The database is DATABASE_URL, else the one of \`bun run up\` in DIRECTORY (${defaultDirectory()}).`;

const COMMANDS = ["reset-password", "create-key", "grant-admin"] as const;

interface Command {
  name: (typeof COMMANDS)[number];
  email: string;
  options: { dir?: string; name?: string; team?: string };
}

const readCommand = (argv: string[]): Command | null => {
  try {
    const options = { dir: { type: "string" }, name: { type: "string" }, team: { type: "string" } } as const;
    const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
    const [first, email, ...rest] = positionals;
    const name = COMMANDS.find((command) => command === first);
    if (name === undefined || email === undefined || rest.length > 0) return null;
    return { name, email, options: values };
  } catch {
    return null;
  }
};

/** What to print. */
const perform = async (sql: Sql, { name, email, options }: Command): Promise<string> => {
  switch (name) {
    case "reset-password":
      return resetPassword(sql, email);
    case "create-key":
      return createKeyFor(sql, { email, name: options.name ?? "admin", team: options.team });
    case "grant-admin":
      await grantAdmin(sql, email);
      return `${email} is a platform administrator now.`;
  }
};

/** The database of an `up`; one that is not running is started. Nothing is made where nothing is. */
const openEmbedded = async (dir: string): Promise<EmbeddedDatabase> => {
  const { database } = dataPaths(dir);
  if (await hasEmbedded(database)) return startEmbedded({ directory: database });
  throw new Error(
    `There is no database in ${database}. Name another directory with --dir, or set DATABASE_URL.`,
  );
};

/** Runs `work` on the database; one that had to be started is stopped again. */
const withDatabase = async <T>(dir: string | undefined, work: (sql: Sql) => Promise<T>): Promise<T> => {
  const given = process.env["DATABASE_URL"];
  const embedded = given ? null : await openEmbedded(dir ?? defaultDirectory());
  const url = given || embedded?.url || "";
  try {
    const { role } = await migrate({ url });
    const sql = connectDatabase({ url, applicationName: "wrenn admin", role, maxConnections: 2 });
    try {
      return await work(sql);
    } finally {
      await sql.end({ timeout: 2 });
    }
  } finally {
    if (embedded?.adopted === false) await embedded.stop();
  }
};

const main = async (argv: string[]): Promise<number> => {
  const command = readCommand(argv);
  if (command === null) {
    console.error(USAGE);
    return 2;
  }
  try {
    console.log(await withDatabase(command.options.dir, (sql) => perform(sql, command)));
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }
};

process.exit(await main(Bun.argv.slice(2)));
