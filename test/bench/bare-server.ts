/**
 * What a read costs at least: the same framework, one indexed query, the same rows and columns as JSON. Nobody
 * is asked who they are. Run by `scenarios/api-read.ts` with the bare id of the team whose rows are read.
 */
import { Elysia } from "elysia";

import { connectDatabase } from "../../db/sql.ts";

const ROWS = 20;

const sql = connectDatabase({ url: process.env.DATABASE_URL ?? "", applicationName: "wrenn bench" });
const teamId = process.argv[2] ?? "";

const app = new Elysia({ normalize: false })
  .get("/sandboxes", async () => {
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
  .get("/team", async () => {
    const [team] = await sql`
      SELECT t.id, t.name, t.slug, t.is_byoc, t.limits, t.created_at, m.role, m.is_default,
        m.created_at AS joined_at
      FROM teams t JOIN memberships m ON m.team_id = t.id AND m.role = 'owner'
      WHERE t.id = ${teamId}
    `;
    return team;
  })
  .get("/audit-logs", async () => {
    const items = await sql`
      SELECT id, seq, actor_type, actor_id, actor_name, resource_type, resource_id, action, scope, status,
        metadata, encode(hash, 'hex') AS hash, created_at
      FROM audit_logs
      WHERE team_id = ${teamId}
      ORDER BY seq DESC
      LIMIT ${ROWS}
    `;
    return { items, next_cursor: null };
  })
  .listen({ hostname: "127.0.0.1", port: 0 });

console.log(`http://127.0.0.1:${app.server?.port}`);
