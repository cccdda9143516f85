/**
 * A backup file: gzip over lines. First a header, then per table a line naming it and its columns, the
 * rows as one JSON object a line, and `\.`; at the end a digest over everything before it.
 */
import { pick, pickList, pickNumber, pickString } from "../json.ts";

export const BACKUP_VERSION = 1;

export interface BackupHeader {
  createdAt: string;
  /** Migrations the database had, oldest first. */
  migrations: { version: number; sha256: string }[];
}

export interface TableHeader {
  table: string;
  columns: string[];
}

/** Ends a table's rows, none of which looks like it. */
export const END_OF_ROWS = "\\.";

export const encodeHeader = ({ createdAt, migrations }: BackupHeader): string =>
  `${JSON.stringify({ wrenn_backup: BACKUP_VERSION, created_at: createdAt, migrations })}\n`;

export const encodeTable = (header: TableHeader): string => `${JSON.stringify(header)}\n`;

export const encodeEnd = (sha256: string): string => `${JSON.stringify({ end: true, sha256 })}\n`;

const parseLine = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
};

/** Null when the line is not the header of a backup this program can read. */
export const decodeHeader = (line: string): BackupHeader | null => {
  const content = parseLine(line);
  if (pick(content, "wrenn_backup") !== BACKUP_VERSION) return null;
  return {
    createdAt: pickString(content, "created_at"),
    migrations: pickList(content, "migrations").map((one) => ({
      version: pickNumber(one, "version"),
      sha256: pickString(one, "sha256"),
    })),
  };
};

/** A line outside of rows: the next table, or the end with its digest. Null for anything else. */
export const decodeMark = (line: string): TableHeader | { sha256: string } | null => {
  const content = parseLine(line);
  if (pick(content, "end") === true) return { sha256: pickString(content, "sha256") };
  if (typeof pick(content, "table") !== "string") return null;
  const columns = pickList(content, "columns").filter((name) => typeof name === "string");
  return { table: pickString(content, "table"), columns };
};
