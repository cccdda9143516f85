/**
 * What this host says to its server, under tokens that are renewed when they are refused. The tokens on
 * disk are never older than those in use: whatever kills the agent, the next one can go on with them.
 */
import { describeError } from "../errors.ts";
import type { Logger } from "../system/log.ts";
import { type Credentials, writeCredentials } from "./credentials.ts";
import { verifyDeletion } from "./deletion.ts";
import {
  type HeartbeatAnswer,
  type HeartbeatRequest,
  refreshTokens,
  sendHeartbeat,
  ServerRefused,
  ServerUnreachable,
  type Tokens,
} from "./server-client.ts";

/** So long the server takes a refresh token again whose answer was lost. */
const FORGIVEN_MS = 30_000;

/** The server will not renew this host's tokens: it has to be registered again, or the server be put right. */
export class HostRejected extends Error {
  override name = "HostRejected";
}

/** The server has proven that it deleted this host. On disk already: a later start needs no answer. */
export class HostDeleted extends Error {
  override name = "HostDeleted";
}

export interface SessionOptions {
  credentials: Credentials;
  credentialsPath: string;
  log: Logger;
}

export class ServerSession {
  readonly #options: SessionOptions;
  #credentials: Credentials;
  /** Received, but not on disk yet. */
  #received: Tokens | null = null;
  /** When the refresh that is under way was first asked for, in ms of the monotonic clock. */
  #refreshSinceMs: number | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#credentials = options.credentials;
  }

  /** A refresh got no answer, and the server still forgives its repetition: it must not wait for the next beat. */
  get isUrgent(): boolean {
    return this.#refreshSinceMs !== null && performance.now() - this.#refreshSinceMs < FORGIVEN_MS;
  }

  /**
   * Throws `ServerUnreachable`, `ServerRefused`, `HostRejected`, `HostDeleted`, and what the disk throws.
   * @param answerMs how long the server may take
   */
  async beat(body: HeartbeatRequest, answerMs?: number): Promise<HeartbeatAnswer> {
    try {
      if (this.#credentials.refresh_pending === true) await this.#refresh();
      return await this.#send(body, answerMs).catch(async (error: unknown) => {
        const isStale = error instanceof ServerRefused && (error.status === 401 || error.status === 403);
        if (!isStale) throw error;
        await this.#refresh();
        return this.#send(body, answerMs);
      });
    } catch (error) {
      if (error instanceof ServerRefused && error.status === 410) await this.#checkDeletion(error);
      throw error;
    }
  }

  #send(body: HeartbeatRequest, answerMs?: number): Promise<HeartbeatAnswer> {
    const { server_url, host_id, token } = this.#credentials;
    return sendHeartbeat(server_url, { hostId: host_id, token, body, answerMs });
  }

  async #keep(changed: Partial<Credentials>): Promise<void> {
    const credentials = { ...this.#credentials, ...changed };
    await writeCredentials(this.#options.credentialsPath, credentials);
    this.#credentials = credentials;
  }

  async #refresh(): Promise<void> {
    // Also proves that the file can be written: an answer that cannot be kept would lock this host out.
    if (this.#credentials.refresh_pending !== true) await this.#keep({ refresh_pending: true });
    this.#refreshSinceMs ??= performance.now();
    this.#received ??= await this.#askForTokens();
    await this.#keep({ ...this.#received, refresh_pending: false });
    this.#received = null;
    this.#refreshSinceMs = null;
    this.#options.log.info("tokens_refreshed");
  }

  async #askForTokens(): Promise<Tokens> {
    try {
      return await refreshTokens(this.#credentials.server_url, this.#credentials.refresh_token);
    } catch (error) {
      if (error instanceof ServerUnreachable) throw error;
      this.#refreshSinceMs = null;
      // The old token is tried first again: the server may have been put right.
      await this.#keep({ refresh_pending: false });
      if (!(error instanceof ServerRefused) || error.status !== 401) throw error;
      throw new HostRejected(
        "the server does not renew this host's tokens: issue a new registration token for it, stop the agent " +
          "and run `wrenn-agent register`; sandboxes stay",
        { cause: error },
      );
    }
  }

  /** Throws `HostDeleted` when the answer proves it. */
  async #checkDeletion({ statement }: ServerRefused): Promise<void> {
    const { log } = this.#options;
    if (statement === null) return;
    try {
      await verifyDeletion(statement, this.#credentials);
    } catch (error) {
      log.error("deletion_not_proven", { error: describeError(error) });
      return;
    }
    await this.#keep({ deletion_statement: statement });
    throw new HostDeleted("the server deleted this host");
  }
}
