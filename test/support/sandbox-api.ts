/** The sandbox routes as tests call them: what must work throws when it does not, what may fail is answered. */
import { type Answer, call } from "./server.ts";

/** Any body of these routes; nothing checks it but the test. */
export interface SandboxBody {
  id: string;
  status: string;
  status_reason: string;
  memory_kept: boolean;
  stdout: string;
  stderr: string;
  exit_code: number;
  pid: number;
  items: SandboxBody[];
  error?: { code: string; field?: string; message: string; status?: string };
  [field: string]: unknown;
}

export class SandboxApi {
  constructor(
    /** Base URL of the server. */
    readonly url: string,
    readonly apiKey: string,
  ) {}

  /** @param path what follows `/v1/sandboxes`; with a body it is a POST */
  async request(path: string, body?: unknown, method?: string): Promise<Answer<SandboxBody>> {
    return call<SandboxBody>(this.url, `/v1/sandboxes${path}`, { apiKey: this.apiKey, body, method });
  }

  /** Throws with the answer unless it is a success. */
  async ok(path: string, body?: unknown, method?: string): Promise<SandboxBody> {
    const answer = await this.request(path, body, method);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method ?? ""} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Id of a new sandbox of `minimal`. */
  async create(body: object = {}): Promise<string> {
    return (await this.ok("", { template: "minimal", ...body })).id;
  }

  /** Standard output of a shell line that must succeed. */
  async run(id: string, cmd: string): Promise<string> {
    const { stdout, stderr, exit_code } = await this.ok(`/${id}/exec`, { cmd });
    if (exit_code === 0) return stdout;
    throw new Error(`${cmd}: exit code ${exit_code}: ${stderr}`);
  }

  async read(id: string): Promise<SandboxBody> {
    return this.ok(`/${id}`);
  }

  async pause(id: string): Promise<SandboxBody> {
    return this.ok(`/${id}/pause`, {});
  }

  async resume(id: string, options: object = {}): Promise<SandboxBody> {
    return this.ok(`/${id}/resume`, options);
  }

  /** Ids of the children. */
  async fork(id: string, count: number): Promise<string[]> {
    return (await this.ok(`/${id}/fork`, { count })).items.map((child) => child.id);
  }

  async remove(id: string): Promise<SandboxBody> {
    return this.ok(`/${id}`, undefined, "DELETE");
  }
}
