/**
 * Brings snapshots to hosts that do not hold them. The row in `host_templates` is the lock among servers;
 * what lives here is only the work itself, and it ends with its server.
 */
import type { Sql } from "../../db/sql.ts";
import { whileAway } from "../../db/while-away.ts";
import { newId } from "../../proto/ids.ts";
import type { BackgroundJob } from "../background.ts";
import type { HostClientPool } from "../hosts/client-pool.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import type { Log } from "../log.ts";
import {
  abandonCopy,
  type Claim,
  claimCopy,
  completeCopy,
  forgetAbandoned,
  listSources,
  renewCopy,
} from "./copies-store.ts";
import { CopyFailed, pipeTemplate } from "./copy-pipe.ts";

/** More at once would only share this server's line. */
const MAX_AT_ONCE = 4;
/** Holders asked one after the other. */
const MAX_SOURCES = 3;
const RENEW_MS = 2_000;
/** Longer than any template should take; a new try goes on with what the target has by then. */
const DEADLINE_MS = 60 * 60_000;
const FORGET_MS = 30_000;

/** Bare UUIDs. */
export interface CopyRequest {
  template: { id: string; teamId: string; name: string };
  target: HostEndpoint;
}

/** A copy of this server. */
export interface RunningCopy {
  /** Rejects with why it failed. */
  done: Promise<void>;
  /** 0 to 1. */
  progress: number;
}

interface Deps {
  sql: Sql;
  hosts: HostClientPool;
  log: Log;
}

/** The row is not this copy's any more. */
class CopyLost extends Error {
  override name = "CopyLost";
}

const keyOf = ({ template, target }: CopyRequest): string => `${template.id}/${target.id}`;

export class TemplateCopies implements BackgroundJob {
  /** From before a copy is claimed until it has ended. */
  readonly #begun = new Map<string, Promise<RunningCopy | null>>();
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor(private readonly deps: Deps) {}

  start(): void {
    const { sql, log } = this.deps;
    this.#timer = setInterval(() => {
      forgetAbandoned(sql).catch((error: unknown) =>
        log.warn("old copies could not be forgotten", { error }),
      );
    }, FORGET_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#stop.abort(new Error("the server was stopped"));
    await Promise.allSettled([...this.#begun.values()].map(async (begun) => (await begun)?.done));
  }

  /** True while this server can begin another one. */
  get hasRoom(): boolean {
    return this.#begun.size < MAX_AT_ONCE && !this.#stop.signal.aborted;
  }

  /** Null when it is not this server's to do: another one is at it, it is there, or it may not go there. */
  begin(request: CopyRequest): Promise<RunningCopy | null> {
    const key = keyOf(request);
    const known = this.#begun.get(key);
    if (known) return known;
    if (!this.hasRoom) return Promise.resolve(null);
    const ended = () => this.#begun.delete(key);
    const begun = this.#claim(request, ended);
    // Its place is taken before anything is waited for: others may ask meanwhile.
    this.#begun.set(key, begun);
    begun.then((copy) => copy ?? ended(), ended);
    return begun;
  }

  async #claim(request: CopyRequest, ended: () => void): Promise<RunningCopy | null> {
    const claim: Claim = { templateId: request.template.id, hostId: request.target.id, lease: newId() };
    if (!(await claimCopy(this.deps.sql, claim))) return null;
    const copy: RunningCopy = { done: Promise.resolve(), progress: 0 };
    copy.done = this.#run(request, claim, copy).finally(ended);
    // Whoever waits hears of it; it may be nobody.
    copy.done.catch(() => {});
    return copy;
  }

  async #run(request: CopyRequest, claim: Claim, copy: RunningCopy): Promise<void> {
    const { sql, log } = this.deps;
    const { template, target } = request;
    const lost = new AbortController();
    const renewal = setInterval(() => void this.#renew(claim, copy, lost), RENEW_MS);
    const startedMs = performance.now();
    const signal = AbortSignal.any([this.#stop.signal, lost.signal, AbortSignal.timeout(DEADLINE_MS)]);
    try {
      await this.#fromSomewhere(request, copy, signal);
      if (!(await whileAway(() => completeCopy(sql, claim)))) throw new CopyLost("it was deleted meanwhile");
      const tookMs = Math.round(performance.now() - startedMs);
      log.info("a template was copied", { template: template.name, host: target.id, tookMs });
    } catch (error) {
      log.warn("a template could not be copied", { template: template.name, host: target.id, error });
      await whileAway(() => abandonCopy(sql, claim)).catch((failed: unknown) => {
        log.warn("a failed copy stays listed until its lease is over", {
          template: template.name,
          error: failed,
        });
      });
      throw error;
    } finally {
      clearInterval(renewal);
    }
  }

  /** Says that the copy lives. Where the database is away, the lease decides who goes on. */
  async #renew(claim: Claim, copy: RunningCopy, lost: AbortController): Promise<void> {
    try {
      if (await renewCopy(this.deps.sql, claim, copy.progress)) return;
      lost.abort(new CopyLost("the template or the host was deleted"));
    } catch (error) {
      this.deps.log.warn("a copy could not be renewed", { error });
    }
  }

  async #fromSomewhere(
    { template, target }: CopyRequest,
    copy: RunningCopy,
    signal: AbortSignal,
  ): Promise<void> {
    const { sql, hosts, log } = this.deps;
    const sources = await listSources(sql, { templateId: template.id, hostId: target.id });
    let failure = new CopyFailed("source", "no host that holds it can be reached");
    for (const source of sources.slice(0, MAX_SOURCES)) {
      signal.throwIfAborted();
      try {
        return await pipeTemplate({
          hosts,
          source,
          target,
          template: { teamId: template.teamId, templateId: template.id },
          onProgress: (progress) => {
            copy.progress = progress;
          },
          signal,
        });
      } catch (error) {
        if (!(error instanceof CopyFailed) || error.side === "target") throw error;
        log.warn("a template could not be had from a host", {
          template: template.name,
          host: source.id,
          error,
        });
        failure = error;
      }
    }
    throw failure;
  }
}
