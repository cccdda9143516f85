/** Reads `migrations/NNNN_name.sql`. The same path works from source and in a compiled executable. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";

export const MIGRATIONS_DIRECTORY = join(import.meta.dir, "migrations");

export interface Migration {
  version: number;
  name: string;
  text: string;
  /** Hex digest of the file. */
  sha256: string;
}

const FILE_NAME = /^(\d{4})_([a-z0-9_]+)\.sql$/;

/** All migrations in order. Throws a sentence when a name is wrong or a number is missing or doubled. */
export const readMigrations = async (directory: string): Promise<Migration[]> => {
  const migrations: Migration[] = [];
  for (const file of (await readdir(directory)).toSorted()) {
    const match = FILE_NAME.exec(file);
    if (match === null) {
      throw new Error(`${directory}/${file}: a migration is named NNNN_name.sql (four digits, lower case)`);
    }
    const expected = migrations.length + 1;
    const version = Number(match[1]);
    if (version !== expected) {
      throw new Error(`${directory}/${file}: expected migration ${expected} here, found ${version}`);
    }
    const text = await Bun.file(join(directory, file)).text();
    const sha256 = new Bun.CryptoHasher("sha256").update(text).digest("hex");
    migrations.push({ version, name: match[2] ?? "", text, sha256 });
  }
  return migrations;
};
