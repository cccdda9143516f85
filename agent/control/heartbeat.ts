/**
 * Tells the server again and again that this host lives, and at once what it did by itself. A server
 * that stays away makes the host pause everything, once; nothing here ever destroys a sandbox.
 */
import { formatSandboxId } from "../../proto/ids.ts";
import { describeError } from "../errors.ts";
import { readHostStatus } from "../sandboxes/host-status.ts";
import type { Host } from "../sandboxes/host.ts";
import { pauseAll } from "../sandboxes/pause-all.ts";
import { listTemplates } from "../sandboxes/templates.ts";
import { type Credentials, writeCredentials } from "./credentials.ts";
import {
  type HeartbeatRequest,
  refreshTokens,
  sendHeartbeat,
  ServerRefused,
  ServerUnreachable,
} from "./server-client.ts";

/** Beats missed in a row after which everything is paused. */
const MAX_MISSED = 3;
/** Hosts that started together do not beat together. */
const JITTER = 0.1;

export interface HeartbeatOptions {
  host: Host;
  credentials: Credentials;
  credentialsPath: string;
  intervalMs: number;
  /** What the server is to dial now. */
  address: string;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #credentials: Credentials;
  #missed = 0;
  /** When the last miss was counted, in ms of the monotonic clock. */
  #countedAtMs = 0;
  #pausedForLoss = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #beating = false;
  #again = false;
  #stopped = false;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
  }

  /** Beats at once, then at intervals and after each change the agent makes by itself. */
  start(): void {
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
    this.#beating = true;
    try {
      await this.#send();
      if (this.#missed > 0) host.log.info("heartbeat_back", { missed: this.#missed });
      this.#missed = 0;
      this.#pausedForLoss = false;
    } catch (error) {
      this.#onFailure(error);
    }
    this.#beating = false;
    if (this.#stopped) return;
    const delayMs = this.#again ? 0 : intervalMs * (1 - JITTER + 2 * JITTER * Math.random());
    this.#again = false;
    this.#timer = setTimeout(() => void this.#beat(), delayMs);
  }

  async #body(): Promise<HeartbeatRequest> {
    const { host, address } = this.#options;
    const [status, templates] = await Promise.all([readHostStatus(host), listTemplates(host)]);
    return {
      free_memory_mb: status.freeMemoryMb,
      free_disk_mb: status.freeDiskMb,
      running: status.running,
      runtime_id: status.runtimeId,
      address,
      agent_version: status.agentVersion,
      accelerator: status.accelerator,
      templates: templates.map(({ teamId, templateId }) => ({ team_id: teamId, template_id: templateId })),
      changes: host.changes.pending().map((change) => ({
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
    const { host } = this.#options;
    const body = await this.#body();
    const { server_url, host_id, token } = this.#credentials;
    const answer = await sendHeartbeat(server_url, host_id, token, body).catch(async (error: unknown) => {
      const isRejected = error instanceof ServerRefused && (error.status === 401 || error.status === 403);
      if (!isRejected) throw error;
      await this.#refresh();
      return sendHeartbeat(server_url, host_id, this.#credentials.token, body);
    });
    if (typeof answer.acknowledged_seq === "number") await host.changes.acknowledge(answer.acknowledged_seq);
  }

  async #refresh(): Promise<void> {
    const { host, credentialsPath } = this.#options;
    const { server_url, refresh_token } = this.#credentials;
    const fresh = await refreshTokens(server_url, refresh_token);
    this.#credentials = { ...this.#credentials, ...fresh };
    await writeCredentials(credentialsPath, this.#credentials);
    host.log.info("tokens_refreshed");
  }

  #onFailure(error: unknown): void {
    const { host, intervalMs } = this.#options;
    // A trouble of this machine's own, such as a file that cannot be read, says nothing of the server.
    if (!(error instanceof ServerUnreachable || error instanceof ServerRefused)) {
      host.log.error("heartbeat_not_sent", { error: describeError(error) });
      return;
    }
    // Extra beats after changes of the agent's own do not make the server's absence longer.
    const nowMs = performance.now();
    if (this.#missed === 0 || nowMs - this.#countedAtMs >= intervalMs * (1 - 2 * JITTER)) {
      this.#missed += 1;
      this.#countedAtMs = nowMs;
    }
    const rejected = error instanceof ServerRefused && error.status === 401;
    host.log.warn("heartbeat_failed", { missed: this.#missed, rejected, error: describeError(error) });
    if ((this.#missed >= MAX_MISSED || rejected) && !this.#pausedForLoss) {
      this.#pausedForLoss = true;
      // Beside the heartbeat, which goes on.
      void this.#pauseForLoss(rejected ? "host_rejected" : "server_lost");
    }
  }

  async #pauseForLoss(reason: string): Promise<void> {
    const { host } = this.#options;
    host.log.warn("pausing_all", { reason });
    try {
      await pauseAll(host, { reason, tell: true });
    } catch (error) {
      host.log.error("pausing_all_failed", { error: describeError(error) });
    }
  }
}
