/**
 * What a list costs at least: the same framework, one indexed query, the same 20 rows as JSON. Nobody is
 * asked who they are. Run by `scenarios/api-read.ts` with the id of one sandbox of the team to list.
 */
import { Elysia } from "elysia";

import { connectDatabase } from "../../db/sql.ts";

const ROWS = 20;

const sql = connectDatabase({ url: process.env.DATABASE_URL ?? "", applicationName: "wrenn bench" });
const [sandbox] = await sql`SELECT team_id FROM sandboxes WHERE id = ${process.argv[2] ?? ""}`;
const teamId = String(sandbox?.["team_id"]);

const app = new Elysia({ normalize: false })
  .get("/", async () => {
    const items = await sql`
      SELECT id, template_name, status, status_reason, vcpus, memory_mb, disk_size_mb, timeout_sec,
        on_timeout, expires_at, auto_resume, memory_kept, network, metadata, host_id, started_at, paused_at,
        last_active_at, created_at
      FROM sandboxes
      WHERE team_id = ${teamId} AND status = 'stopped'
      ORDER BY created_at DESC, id DESC
      LIMIT ${ROWS}
    `;
    return { items, next_cursor: null };
  })
  .listen({ hostname: "127.0.0.1", port: 0 });

console.log(`http://127.0.0.1:${app.server?.port}`);
