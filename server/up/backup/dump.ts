/** Writes a backup: all tables as of one instant, whatever goes on in the database meanwhile. */
import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

import { readApplied } from "../../../db/migrate.ts";
import type { Sql, Tx } from "../../../db/sql.ts";
import { CommandFailure, describeError } from "../failure.ts";
import { encodeEnd, encodeHeader, encodeTable, END_OF_ROWS } from "./format.ts";
import { readTables, type Table } from "./tables.ts";

const BATCH_ROWS = 500;

export interface DumpResult {
  tables: number;
  sizeBytes: number;
}

async function* dumpLines(tx: Tx, tables: Table[]): AsyncGenerator<string> {
  const applied = await readApplied(tx);
  const migrations = applied.map(({ version, sha256 }) => ({ version, sha256 }));
  yield encodeHeader({ createdAt: new Date().toISOString(), migrations });
  for (const { name, columns } of tables) {
    yield encodeTable({ table: name, columns });
    const rows = tx<{ line: string }[]>`select row_to_json(row)::text as line from (
      select ${tx(columns)} from ${tx(name)}) row`;
    for await (const batch of rows.cursor(BATCH_ROWS)) {
      yield batch.map(({ line }) => `${line}\n`).join("");
    }
    yield `${END_OF_ROWS}\n`;
  }
}

/** The lines, then a last one with the digest over them. */
async function* sealed(lines: AsyncGenerator<string>): AsyncGenerator<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const text of lines) {
    hasher.update(text);
    yield text;
  }
  yield encodeEnd(hasher.digest("hex"));
}

const makeLast = async (path: string): Promise<void> => {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const writeDump = (sql: Sql, path: string): Promise<number> =>
  sql.begin("isolation level repeatable read read only", async (tx) => {
    if ((await readApplied(tx)).length === 0) {
      throw new CommandFailure("backup_refused", "this database holds no Wrenn tables: nothing to back up");
    }
    const tables = await readTables(tx);
    const file = createWriteStream(path, { mode: 0o600, flags: "wx" });
    await pipeline(sealed(dumpLines(tx, tables)), createGzip(), file);
    return tables.length;
  });

/** Replaces `path` (mode 0600: it holds the instance's keys) once the backup is whole and on disk. */
export const dumpDatabase = async (sql: Sql, path: string): Promise<DumpResult> => {
  const aside = `${path}.${process.pid}.new`;
  try {
    await rm(aside, { force: true });
    const tables = await writeDump(sql, aside);
    await makeLast(aside);
    await rename(aside, path);
    return { tables, sizeBytes: Bun.file(path).size };
  } catch (error) {
    await rm(aside, { force: true });
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure("backup_refused", `no backup was written to ${path}: ${describeError(error)}`);
  }
};
