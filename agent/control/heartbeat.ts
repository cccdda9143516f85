/**
 * Tells the server again and again that this host lives, and at once what it did by itself. A server
 * that stays away, or does not know this host any more, makes it pause everything.
 */
import { formatSandboxId } from "../../proto/ids.ts";
import { describeError } from "../errors.ts";
import type { Change } from "../sandboxes/changes.ts";
import { readHostStatus } from "../sandboxes/host-status.ts";
import type { Host } from "../sandboxes/host.ts";
import { buildsUnderWay, isBuildOfMinimal } from "../sandboxes/minimal.ts";
import { pauseAll } from "../sandboxes/pause-all.ts";
import { listTemplates } from "../sandboxes/templates.ts";
import { type HeartbeatRequest, ServerRefused, ServerUnreachable } from "./server-client.ts";
import { HostDeleted, HostRejected, type ServerSession } from "./session.ts";

/** Beats missed in a row after which everything is paused. */
const MAX_MISSED = 3;
/** How long the server may take to answer a beat. */
const [SHORTEST_ANSWER_MS, LONGEST_ANSWER_MS] = [2_000, 10_000];
/**
 * From the begin of a beat to that of the next, in intervals. Hosts that started together do not beat together;
 * and none beats later than its interval says, for the server takes hosts that fell silent within one interval
 * for one event.
 */
const [SHORTEST, LONGEST] = [0.8, 0.95];
/** What comes sooner after another one, in intervals, is extra. */
const EXTRA = 0.7;
/** After a beat that took long, in intervals: a server that is slow has to come to rest. */
const REST = 0.25;
/** Between two attempts while the server waits for one. */
const URGENT_MS = 1_000;

/** What one beat may carry of changes; the next one carries what is left. */
const MAX_CHANGES = 1_000;

const oldest = (changes: readonly Change[]): Change[] =>
  changes.toSorted((a, b) => a.seq - b.seq).slice(0, MAX_CHANGES);

export interface HeartbeatOptions {
  host: Host;
  session: ServerSession;
  intervalMs: number;
  /** What the server is to dial now. */
  address: () => Promise<string>;
}

export class Heartbeat {
  /** Resolves when the server has proven that it deleted this host; there are no more beats then. */
  readonly deleted: Promise<void>;
  readonly #options: HeartbeatOptions;
  #onDeleted: () => void = () => {};
  #missed = 0;
  /** When the last missed beat that counts began, in ms of the monotonic clock. */
  #countedAtMs = 0;
  #pausing = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #beating = false;
  #again = false;
  #stopped = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.deleted = new Promise((resolve) => {
      this.#onDeleted = resolve;
    });
  }

  /** Beats at once, then at intervals, after each change the agent makes by itself and as builds go on. */
  start(): void {
    this.#options.host.work.onMove((work) => {
      if (isBuildOfMinimal(work)) this.beatNow();
    });
    this.#options.host.changes.onChange(() => this.beatNow());
    this.beatNow();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  beatNow(): void {
    if (this.#stopped) return;
    if (this.#beating) {
      this.#again = true;
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    void this.#beat();
  }

  async #beat(): Promise<void> {
    const { host, intervalMs } = this.#options;
    const startedAtMs = performance.now();
    this.#beating = true;
    try {
      await this.#send();
      if (this.#missed > 0) host.log.info("heartbeat_back", { missed: this.#missed });
      this.#missed = 0;
    } catch (error) {
      this.#onFailure(error, startedAtMs);
    }
    this.#beating = false;
    if (this.#stopped) return;
    const usualMs = intervalMs * (SHORTEST + (LONGEST - SHORTEST) * Math.random());
    const wantedMs = this.#options.session.isUrgent ? Math.min(URGENT_MS, usualMs) : usualMs;
    const tookMs = performance.now() - startedAtMs;
    const delayMs = Math.max(wantedMs - tookMs, Math.min(URGENT_MS, intervalMs * REST));
    this.#timer = setTimeout(() => void this.#beat(), this.#again ? 0 : delayMs);
    this.#again = false;
  }

  async #body(): Promise<HeartbeatRequest> {
    const { host } = this.#options;
    const [status, templates, address] = await Promise.all([
      readHostStatus(host),
      listTemplates(host),
      this.#options.address(),
    ]);
    return {
      free_memory_mb: status.freeMemoryMb,
      free_disk_mb: status.freeDiskMb,
      running: status.running,
      runtime_id: status.runtimeId,
      address,
      agent_version: status.agentVersion,
      accelerator: status.accelerator,
      templates: templates.map(({ teamId, templateId }) => ({ team_id: teamId, template_id: templateId })),
      building: buildsUnderWay(host).map(({ templateId, progress }) => ({
        template_id: templateId,
        progress,
      })),
      changes: oldest(host.changes.pending()).map((change) => ({
        seq: change.seq,
        sandbox_id: formatSandboxId(change.sandboxId),
        status: change.status,
        reason: change.reason,
        memory_kept: change.memoryKept,
        at: change.at,
      })),
    };
  }

  async #send(): Promise<void> {
    const { host, session, intervalMs } = this.#options;
    // Behind a cut link nothing is refused: how soon a beat counts as missed follows from how often one is due.
    const answerMs = Math.max(SHORTEST_ANSWER_MS, Math.min(intervalMs / 3, LONGEST_ANSWER_MS));
    const answer = await session.beat(await this.#body(), answerMs);
    if (typeof answer.acknowledged_seq === "number") await host.changes.acknowledge(answer.acknowledged_seq);
  }

  #onFailure(error: unknown, startedAtMs: number): void {
    const { host } = this.#options;
    if (error instanceof HostDeleted) {
      this.stop();
      this.#onDeleted();
      return;
    }
    const isRejected = error instanceof HostRejected;
    // A trouble of this machine's own, such as a file that cannot be read, says nothing of the server.
    if (!(isRejected || error instanceof ServerUnreachable || error instanceof ServerRefused)) {
      host.log.error("heartbeat_not_sent", { error: describeError(error) });
      return;
    }
    this.#countMiss(startedAtMs);
    host.log.warn("heartbeat_failed", {
      missed: this.#missed,
      rejected: isRejected,
      error: describeError(error),
    });
    if (this.#missed < MAX_MISSED && !isRejected) return;
    // Beside the heartbeat, which goes on.
    void this.#pauseForLoss(isRejected ? "host_rejected" : "server_lost");
  }

  /** Extra beats, after changes of the agent's own, do not make the server's absence longer. */
  #countMiss(startedAtMs: number): void {
    const sinceMs = startedAtMs - this.#countedAtMs;
    if (this.#missed > 0 && sinceMs < this.#options.intervalMs * EXTRA) return;
    this.#missed += 1;
    this.#countedAtMs = startedAtMs;
  }

  /** Once, unless something runs again: a server that came and went between two beats may have resumed it. */
  async #pauseForLoss(reason: string): Promise<void> {
    const { host } = this.#options;
    const isRunning = [...host.sandboxes.values()].some(({ live }) => live !== null);
    if (this.#pausing || !isRunning) return;
    this.#pausing = true;
    host.log.warn("pausing_all", { reason });
    try {
      await pauseAll(host, { reason, tell: true });
    } catch (error) {
      host.log.error("pausing_all_failed", { error: describeError(error) });
    }
    this.#pausing = false;
  }
}
