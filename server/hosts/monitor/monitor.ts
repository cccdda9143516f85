/**
 * Goes round the hosts, on one server at a time: looks for silent ones, and reconciles those that are online.
 * The others stand by; a host that says it has something to tell is reconciled by whichever server it told.
 */
import { hostname } from "node:os";

import type { BackgroundJob } from "../../background.ts";
import type { Gauge } from "../../metrics.ts";
import type { ReconcileDeps } from "../reconcile-host.ts";
import { findOpenHold } from "./holds-store.ts";
import { Leadership } from "./leadership.ts";
import { Rounds } from "./rounds.ts";
import { noteRound } from "./state-store.ts";
import { watchHosts } from "./watch.ts";

const STOP_MS = 5_000;
/** Times per round that the lead is shown, and tried for: a dead leader costs little more than one round. */
const ASKS_PER_ROUND = 3;
const SHORTEST_ASK_MS = 20;

export class HostMonitor implements BackgroundJob {
  readonly #rounds: Rounds;
  readonly #leadership: Leadership;
  readonly #name = `${hostname()}/${process.pid}`;
  #timer: Timer | null = null;
  #isWatching = false;
  #isHolding = false;
  #lastRoundMs = 0;
  #collecting: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: ReconcileDeps & { samples: { collect(): Promise<void> } },
    private readonly times: { monitorMs: number; staleMs: number },
  ) {
    this.#rounds = new Rounds(deps);
    this.#leadership = new Leadership(deps.sql, {
      name: this.#name,
      everyMs: Math.max(times.monitorMs / ASKS_PER_ROUND, SHORTEST_ASK_MS),
      log: deps.log,
      onLead: () => void this.#tick(),
    });
  }

  start(): void {
    this.#timer = setInterval(() => void this.#tick(), this.times.monitorMs);
    this.#leadership.start();
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#leadership.stop();
    // What a host takes longer for is repeated by the next server: nothing is lost by leaving it.
    await Promise.race([Promise.all([this.#rounds.stop(), this.#collecting]), Bun.sleep(STOP_MS)]);
  }

  /** Reconciles all online hosts, whichever server leads; resolves when each is done. */
  round(): Promise<void> {
    return this.#rounds.go();
  }

  /** This host has something to tell: go there now, and not only at the next round. */
  nudge(hostId: string): void {
    this.#rounds.nudge(hostId);
  }

  gauges(): Gauge[] {
    return [
      {
        name: "monitor_leads",
        help: "1 on the server whose monitor goes round the hosts.",
        read: () => (this.#leadership.lead ? 1 : 0),
      },
      {
        name: "monitor_holds",
        help: "1 while so many hosts are silent that none is marked lost.",
        read: () => (this.#isHolding ? 1 : 0),
      },
      {
        name: "monitor_round_seconds",
        help: "Time that this server's last round took.",
        read: () => this.#lastRoundMs / 1000,
      },
    ];
  }

  async #tick(): Promise<void> {
    await this.#watch();
    if (this.#leadership.lead) await this.#goRound();
  }

  async #watch(): Promise<void> {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const { lead } = this.#leadership;
    const { sql, log } = this.deps;
    try {
      this.#isHolding = lead
        ? await watchHosts(lead, { log, staleMs: this.times.staleMs })
        : (await findOpenHold(sql)) !== null;
    } catch (error) {
      log.warn("looking for silent hosts failed; the next round repeats it", { error });
    } finally {
      this.#isWatching = false;
    }
  }

  async #goRound(): Promise<void> {
    const startedAtMs = performance.now();
    // Beside the reconcile: the one waits for the other as little as hosts do.
    this.#collecting = this.deps.samples.collect();
    await this.#rounds.go();
    this.#lastRoundMs = performance.now() - startedAtMs;
    const { lead } = this.#leadership;
    const round = { leader: this.#name, tookMs: this.#lastRoundMs };
    await lead
      ?.begin((tx) => noteRound(tx, { ...round, leadingSince: lead.since }))
      .catch((error: unknown) => this.deps.log.warn("a round could not be noted", { error }));
  }
}
