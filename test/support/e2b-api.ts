/** E2B's surface as tests call it, and as its error bodies are read. */
import { type Answer, call } from "./server.ts";

/** Any body of these routes; nothing checks it but the test. */
export interface E2bBody {
  code?: number;
  message?: string;
  sandboxID: string;
  [field: string]: unknown;
}

/** Calls on one sandbox below its address, besides those that read and end it. */
export const SANDBOX_CALLS: readonly [method: string, path: string, body?: unknown][] = [
  ["POST", "/connect", { timeout: 1 }],
  ["POST", "/resume", {}],
  ["POST", "/timeout", { timeout: 1 }],
  ["POST", "/refreshes", {}],
  ["POST", "/pause", {}],
  ["POST", "/fork", {}],
  ["POST", "/snapshots", {}],
  ["PUT", "/network", {}],
  ["GET", "/metrics"],
  ["GET", "/logs"],
];

export class E2bApi {
  constructor(
    /** Base URL of the server. */
    readonly url: string,
    readonly apiKey: string,
  ) {}

  /** With a body it is a POST. */
  async request<T = E2bBody>(path: string, body?: unknown, method?: string): Promise<Answer<T>> {
    return call<T>(this.url, path, { apiKey: this.apiKey, body, method });
  }

  /** Throws with the answer unless it is a success. */
  async ok<T = E2bBody>(path: string, body?: unknown, method?: string): Promise<T> {
    const answer = await this.request<T>(path, body, method);
    if (answer.status < 300) return answer.body;
    throw new Error(`${method ?? ""} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  /** Id of a new sandbox of `base`: 32 hex digits. */
  async create(body: object = {}): Promise<string> {
    return (await this.ok("/v2/sandboxes", { templateID: "base", ...body })).sandboxID;
  }

  /** Its detail, or the 404 that says it has ended. */
  get(id: string): Promise<Answer<E2bBody>> {
    return this.request(`/sandboxes/${id}`);
  }
}
