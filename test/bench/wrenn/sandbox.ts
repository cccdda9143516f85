/** A sandbox as a client of the HTTP API has it, and what its host's journal tells about it. */
import { existsSync } from "node:fs";

import { createLayout } from "../../../agent/images/layout.ts";
import { readJournal, type Running } from "../../../agent/sandboxes/journal.ts";
import { formatSandboxId, parseSandboxId } from "../../../proto/ids.ts";
import { type ApiClient, createApiClient } from "../../../server/up/api-client.ts";
import { pickList, pickNumber, pickString } from "../../../server/up/json.ts";
import { waitUntil } from "../../../server/up/wait-until.ts";
import { writeAndReadFile } from "../write-and-read.ts";
import type { Product } from "./product.ts";

/** Operations under measurement take as long as they take; this only ends a hang. */
const OPERATION_TIMEOUT_MS = 180_000;
const SETTLE_TIMEOUT_MS = 60_000;
const SETTLE_POLL_MS = 5;

export interface WrennClient {
  create(): Promise<WrennSandbox>;
  /** One that was made through E2B's API, by its id there. */
  own(hexId: string): WrennSandbox;
  /** Whatever is left of what this client made, also after a failure. */
  removeAll(): Promise<void>;
}

export class WrennSandbox {
  readonly #api: ApiClient;
  readonly #product: Product;
  readonly #live: Set<WrennSandbox>;
  /** With its prefix. */
  readonly id: string;

  /** @param live holds this sandbox until it is removed */
  constructor(product: Product, api: ApiClient, live: Set<WrennSandbox>, id: string) {
    this.#product = product;
    this.#api = api;
    this.#live = live;
    this.id = id;
    live.add(this);
  }

  get #uuid(): string {
    const uuid = parseSandboxId(this.id);
    if (uuid === null) throw new Error(`${this.id} is no sandbox id`);
    return uuid;
  }

  /** Throws unless it ends with exit code 0. */
  async exec(cmd: string, ...args: string[]): Promise<string> {
    const answer = await this.#post("exec", { cmd, args });
    const exitCode = pickNumber(answer, "exit_code");
    if (exitCode !== 0) throw new Error(`${cmd} in ${this.id}: exit code ${exitCode}`);
    return pickString(answer, "stdout");
  }

  /** Throws unless what comes back is what went. */
  async writeAndRead(path: string, content: string): Promise<void> {
    const { url, apiKey } = this.#product;
    await writeAndReadFile(`${url}/v1/sandboxes/${this.id}/files?${new URLSearchParams({ path })}`, {
      method: "PUT",
      headers: { "x-api-key": apiKey },
      content,
    });
  }

  async pause(): Promise<void> {
    await this.#post("pause");
  }

  async resume(): Promise<void> {
    await this.#post("resume");
  }

  async fork(count: number): Promise<WrennSandbox[]> {
    const answer = await this.#post("fork", { count });
    return pickList(answer, "items").map((item) => {
      const status = pickString(item, "status");
      if (status !== "running") throw new Error(`a fork of ${this.id} is ${status}`);
      return new WrennSandbox(this.#product, this.#api, this.#live, pickString(item, "id"));
    });
  }

  /** Deletes it and waits until its host has nothing left of it. */
  async remove(): Promise<void> {
    await this.#api.send({ method: "DELETE", path: `/v1/sandboxes/${this.id}` });
    const directory = createLayout(this.#product.wrennDirectory).sandboxDirectory(this.#uuid);
    await waitUntil(async () => (existsSync(directory) ? null : true), {
      what: `the host to remove ${this.id}`,
      timeoutMs: SETTLE_TIMEOUT_MS,
      everyMs: SETTLE_POLL_MS,
    });
    this.#live.delete(this);
  }

  /** What the host's journal says of it while it runs. */
  async journal(): Promise<Running> {
    const layout = createLayout(this.#product.wrennDirectory);
    const journal = await readJournal(layout.sandboxJournal(this.#uuid), this.#uuid);
    if (journal?.state !== "running") throw new Error(`the host does not run ${this.id}`);
    return journal;
  }

  #post(operation: string, body: object = {}): Promise<unknown> {
    return this.#api.send({
      method: "POST",
      path: `/v1/sandboxes/${this.id}/${operation}`,
      body,
      timeoutMs: OPERATION_TIMEOUT_MS,
    });
  }
}

/** Waits until a process is gone: what a pause leaves behind must not run into the next measurement. */
export const waitForProcessEnd = async (pid: number): Promise<void> => {
  await waitUntil(async () => (existsSync(`/proc/${pid}`) ? null : true), {
    what: `process ${pid} to end`,
    timeoutMs: SETTLE_TIMEOUT_MS,
    everyMs: SETTLE_POLL_MS,
  });
};

export const createWrennClient = (product: Product): WrennClient => {
  const api = createApiClient(product.url, { apiKey: product.apiKey });
  const live = new Set<WrennSandbox>();
  return {
    own: (hexId) => {
      const uuid = parseSandboxId(hexId);
      if (uuid === null) throw new Error(`${hexId} is no sandbox id`);
      return new WrennSandbox(product, api, live, formatSandboxId(uuid));
    },
    removeAll: async () => {
      for (const sandbox of live) await sandbox.remove();
    },
    create: async () => {
      const answer = await api.send({
        method: "POST",
        path: "/v1/sandboxes",
        body: { template: "minimal", timeout_sec: 0 },
        timeoutMs: OPERATION_TIMEOUT_MS,
      });
      return new WrennSandbox(product, api, live, pickString(answer, "id"));
    },
  };
};
