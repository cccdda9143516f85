/** What cases share: a sandbox to work in, sandboxes of their own, and ways around the SDK. */
import { randomUUID } from "node:crypto";

import type { SandboxOpts } from "e2b";

import type { Settings } from "./protocol.ts";
import type { Sandbox, Sdk } from "./sdk.ts";

/** Longer than any run of cases. */
const SHARED_TIMEOUT_MS = 6 * 3_600_000;
const OWN_TIMEOUT_MS = 600_000;

export class World {
  #shared: Promise<Sandbox> | null = null;
  readonly #own = new Set<string>();

  constructor(
    private readonly sdk: Sdk,
    readonly settings: Settings,
  ) {}

  /** The one that all cases may use, who leave it running. */
  sandbox(): Promise<Sandbox> {
    this.#shared ??= this.sdk.Sandbox.create({ timeoutMs: SHARED_TIMEOUT_MS });
    return this.#shared;
  }

  /** A sandbox of the case, which ends with it. */
  async create(options: SandboxOpts = {}): Promise<Sandbox> {
    return this.keep(await this.sdk.Sandbox.create({ timeoutMs: OWN_TIMEOUT_MS, ...options }));
  }

  /** One that the case made otherwise: it ends with the case as well. */
  keep(sandbox: Sandbox): Sandbox {
    this.#own.add(sandbox.sandboxId);
    return sandbox;
  }

  /** Path of a new folder in the shared sandbox. */
  async folder(): Promise<string> {
    const path = `/home/user/${randomUUID()}`;
    await (await this.sandbox()).files.makeDir(path);
    return path;
  }

  /** A request to a port of a sandbox from outside, as a browser or another program sends it. */
  async visit(sandbox: Sandbox, port: number, path = "/", init: RequestInit = {}): Promise<Response> {
    if (this.settings.urls === "tls") return fetch(`https://${sandbox.getHost(port)}${path}`, init);
    const headers = new Headers(init.headers);
    headers.set("E2b-Sandbox-Id", sandbox.sandboxId);
    headers.set("E2b-Sandbox-Port", String(port));
    return fetch(`${this.settings.apiUrl}${path}`, { ...init, headers });
  }

  /** Ends the sandboxes of the case that just ran. */
  async clear(): Promise<void> {
    const ids = [...this.#own];
    this.#own.clear();
    await Promise.all(ids.map((id) => this.sdk.Sandbox.kill(id)));
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.clear();
    const shared = await this.#shared?.catch(() => null);
    await shared?.kill();
  }
}
