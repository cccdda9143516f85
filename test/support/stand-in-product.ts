/** A server over PostgreSQL with one host that does as each test says, and the calls of whoever uses sandboxes there. */
import { expect } from "bun:test";

import { call, createKey, signUp, startTestServer, type TestPerson, type TestServer } from "./server.ts";
import { StandInHost } from "./stand-in-host.ts";
import { waitFor } from "./wait-for.ts";

export interface SandboxBody {
  id: string;
  status: string;
  status_reason: string;
  memory_kept: boolean;
  template: string;
  host_id: string | null;
  error?: { code: string; message: string; field?: string; status?: string };
  [field: string]: unknown;
}

interface AuditRow {
  action: string;
  actor_type: string;
  status: string;
}

export class StandInProduct {
  private constructor(
    readonly server: TestServer,
    readonly admin: TestPerson,
    readonly apiKey: string,
    readonly host: StandInHost,
  ) {}

  static async start(): Promise<StandInProduct> {
    const server = await startTestServer({ WRENN_MONITOR_MS: "100" });
    const admin = await signUp(server.url);
    const apiKey = await createKey(server.url, admin);
    return new StandInProduct(server, admin, apiKey, await StandInHost.join(server.url, admin.token));
  }

  async stop(): Promise<void> {
    await this.host.stop();
    await this.server.stop();
  }

  api(path: string, options: { method?: string; body?: unknown; headers?: Record<string, string> } = {}) {
    return call<SandboxBody>(this.server.url, `/v1/sandboxes${path}`, { apiKey: this.apiKey, ...options });
  }

  async create(body: Record<string, unknown> = {}): Promise<SandboxBody> {
    const answer = await this.api("", { body: { template: "minimal", ...body } });
    expect(answer.status).toBe(201);
    return answer.body;
  }

  async get(id: string): Promise<SandboxBody> {
    return (await this.api(`/${id}`)).body;
  }

  async settled(id: string, status: string): Promise<SandboxBody> {
    await waitFor(`${id} is ${status}`, async () => (await this.get(id)).status === status);
    return this.get(id);
  }

  async auditOf(id: string): Promise<AuditRow[]> {
    return this.server.database
      .sql`select action, actor_type, status from audit_logs where resource_id = ${id} order by seq`;
  }

  /** Makes a row look as old as the reconcile wants before it believes a host. */
  async age(id: string, seconds: number): Promise<void> {
    await this.server.database.ownerSql`
      update sandboxes set updated_at = now() - make_interval(secs => ${seconds})
      where id = ${id.slice(3)}`;
  }
}
