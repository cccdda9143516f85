/** Takes from each host what it noted since the last time, and keeps it. The leading monitor has it done. */
import { Code, ConnectError } from "@connectrpc/connect";

import type { Sql } from "../../db/sql.ts";
import { eachLimited } from "../../proto/limit.ts";
import type { HostClient, HostClientPool } from "../hosts/client-pool.ts";
import type { HostFigures } from "../hosts/figures.ts";
import { endpointOf, type Host } from "../hosts/host.ts";
import { listOnlineHosts } from "../hosts/store.ts";
import type { Log } from "../log.ts";
import { FINEST_SEC } from "./resolutions.ts";
import { rollUp } from "./roll-up.ts";
import { toRounds } from "./sample.ts";
import { insertRounds, insertTeamTotals } from "./store.ts";

const HOSTS_AT_ONCE = 20;
/** Answers per host and time: after a pause there may be more than one holds. */
const MAX_ANSWERS = 4;
const ROLL_UP_MS = 60_000;

export interface CollectorDeps {
  sql: Sql;
  hosts: HostClientPool;
  log: Log;
  /** What hosts say of themselves beside their samples. */
  figures: HostFigures;
}

export class SampleCollector {
  /** The last round that is kept, by host. Lost with the process: hosts then send what they still have. */
  readonly #known = new Map<string, bigint>();
  #collecting: Promise<void> | null = null;
  #totalsAtMs = 0;
  #rolledUpAtMs = -Infinity;

  constructor(private readonly deps: CollectorDeps) {}

  /** Never throws: what fails is logged, and made up for by the next time. Callers meanwhile share one. */
  collect(): Promise<void> {
    this.#collecting ??= this.#collect()
      .catch((error: unknown) => this.deps.log.warn("samples could not be kept", { error }))
      .finally(() => (this.#collecting = null));
    return this.#collecting;
  }

  async #collect(): Promise<void> {
    const { sql, log } = this.deps;
    const hosts = await listOnlineHosts(sql);
    for (const id of this.#known.keys()) {
      if (!hosts.some((host) => host.id === id)) this.#known.delete(id);
    }
    const results = await eachLimited(hosts, HOSTS_AT_ONCE, (host) => this.#take(host));
    for (const [index, result] of results.entries()) {
      if (result.status === "fulfilled" || isOld(result.reason)) continue;
      log.warn("a host's samples could not be taken", { host: hosts[index]?.name, error: result.reason });
    }
    await this.#keepTotals();
  }

  async #take(host: Host): Promise<void> {
    const endpoint = endpointOf(host);
    // One that cannot be called has been told of already.
    if (!endpoint || !host.reachable) return;
    const client = this.deps.hosts.client(endpoint);
    for (let answers = 0; answers < MAX_ANSWERS; answers += 1) {
      if (!(await this.#takeOnce(host.id, client))) return;
    }
  }

  /** False when there is nothing more. */
  async #takeOnce(hostId: string, client: HostClient): Promise<boolean> {
    const afterRound = this.#known.get(hostId) ?? 0n;
    const answer = await client.listSamples({ afterRound });
    this.deps.figures.note(hostId, answer);
    const rounds = toRounds(answer, Date.now());
    if (rounds.length > 0) await insertRounds(this.deps.sql, hostId, rounds);
    // A host whose clock was put back counts from there.
    const last = answer.rounds.at(-1)?.round ?? (answer.lastRound < afterRound ? 0n : afterRound);
    this.#known.set(hostId, last);
    return answer.rounds.length > 0 && last < answer.lastRound;
  }

  /** Of teams, and coarser ones of everything. */
  async #keepTotals(): Promise<void> {
    const now = performance.now();
    const atMs = Date.now() - (Date.now() % (FINEST_SEC * 1_000));
    if (atMs !== this.#totalsAtMs) {
      await insertTeamTotals(this.deps.sql, new Date(atMs));
      this.#totalsAtMs = atMs;
    }
    if (now - this.#rolledUpAtMs >= ROLL_UP_MS) {
      await rollUp(this.deps.sql);
      this.#rolledUpAtMs = now;
    }
  }
}

/** An agent from before there were samples. */
const isOld = (error: unknown): boolean => ConnectError.from(error).code === Code.Unimplemented;
