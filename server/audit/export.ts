/** The audit trail as a file, streamed: however long it is, one batch of it is in memory. */
import type { Sql } from "../../db/sql.ts";
import { presentAuditRow } from "./present.ts";
import { type AuditFilter, type AuditRow, listAuditRows } from "./store.ts";

export type ExportFormat = "jsonl" | "csv";

const BATCH = 500;

type Wire = ReturnType<typeof presentAuditRow>;

const COLUMNS = [
  "seq",
  "created_at",
  "actor_type",
  "actor_id",
  "actor_name",
  "resource_type",
  "resource_id",
  "action",
  "scope",
  "status",
  "metadata",
  "hash",
  "id",
] as const satisfies readonly (keyof Wire)[];

/** Quoted; what a spreadsheet would take for a formula begins with an apostrophe. */
export const csvCell = (value: string): string =>
  `"${value.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""')}"`;

const cellText = (value: Wire[keyof Wire]): string => {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

const FORMATS: Record<ExportFormat, { type: string; head: string; line: (row: AuditRow) => string }> = {
  jsonl: {
    type: "application/x-ndjson",
    head: "",
    line: (row) => `${JSON.stringify(presentAuditRow(row))}\n`,
  },
  csv: {
    type: "text/csv; charset=utf-8; header=present",
    head: `${COLUMNS.join(",")}\r\n`,
    line: (row) => {
      const wire = presentAuditRow(row);
      return `${COLUMNS.map((column) => csvCell(cellText(wire[column]))).join(",")}\r\n`;
    },
  },
};

async function* linesOf(sql: Sql, filter: AuditFilter, format: ExportFormat): AsyncGenerator<string> {
  const { head, line } = FORMATS[format];
  if (head !== "") yield head;
  let beforeSeq: number | null = null;
  for (;;) {
    const rows: AuditRow[] = await listAuditRows(sql, filter, { beforeSeq, limit: BATCH });
    if (rows.length > 0) yield rows.map(line).join("");
    if (rows.length < BATCH) return;
    beforeSeq = rows.at(-1)?.seq ?? null;
  }
}

/** Newest first. A client that reads slowly holds nothing up: the next batch is read when it asks. */
export const exportAudit = (sql: Sql, filter: AuditFilter, format: ExportFormat): Response => {
  const lines = linesOf(sql, filter, format);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value, done } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: () => void lines.return(undefined),
  });
  return new Response(body, {
    headers: {
      "content-type": FORMATS[format].type,
      "content-disposition": `attachment; filename="audit.${format}"`,
    },
  });
};
