/**
 * Ends or pauses sandboxes whose time is over, within a second and by the agent alone. One timer for all:
 * it is set to the earliest deadline, and activity, which only moves deadlines later, does not touch it.
 */
import type { Sandbox } from "./sandbox.ts";

/** How long after a failed expiry it is tried again. */
const RETRY_MS = 5_000;
/** The clock may be set, and timers hold 24 days at most: look at it at least this often. */
const MAX_SLEEP_MS = 30_000;

/** Unix milliseconds when the sandbox's time is over; null: not foreseeable now. */
export const expiresAtMs = (sandbox: Sandbox): number | null => {
  const { journal } = sandbox;
  if (journal?.state !== "running" || journal.timeout.timeoutSec === 0) return null;
  if (journal.timeout.kind === "deadline") return journal.deadlineMs;
  if (sandbox.streams.size > 0) return null;
  return sandbox.lastActiveMs + journal.timeout.timeoutSec * 1_000;
};

export class Expiry {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wakeAtMs = Infinity;
  #running = false;
  readonly #retryAtMs = new Map<string, number>();
  readonly #underWay = new Set<string>();

  /** @param expire must settle; a rejection leaves the sandbox running, to be tried again */
  constructor(
    readonly sandboxes: ReadonlyMap<string, Sandbox>,
    readonly expire: (sandbox: Sandbox) => Promise<void>,
  ) {}

  /** Call when a deadline may have come nearer: a new sandbox, a changed timeout, an ended stream. */
  arm(sandbox: Sandbox): void {
    const dueMs = this.#dueMs(sandbox);
    if (dueMs !== null && dueMs < this.#wakeAtMs) this.#sleepUntil(dueMs);
  }

  /** Nothing expires before: what an earlier agent left has to be settled first. */
  start(): void {
    this.#running = true;
    for (const sandbox of this.sandboxes.values()) this.arm(sandbox);
  }

  stop(): void {
    this.#running = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #dueMs(sandbox: Sandbox): number | null {
    const atMs = expiresAtMs(sandbox);
    return atMs === null ? null : Math.max(atMs, this.#retryAtMs.get(sandbox.id) ?? 0);
  }

  #sleepUntil(dueMs: number): void {
    if (!this.#running) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const delayMs = Math.min(Math.max(0, dueMs - Date.now()), MAX_SLEEP_MS);
    this.#wakeAtMs = dueMs;
    this.#timer = setTimeout(() => this.#wake(), delayMs);
  }

  #wake(): void {
    this.#wakeAtMs = Infinity;
    let nextMs = Infinity;
    for (const sandbox of this.sandboxes.values()) {
      const dueMs = this.#dueMs(sandbox);
      if (dueMs === null || this.#underWay.has(sandbox.id)) continue;
      if (dueMs <= Date.now()) void this.#run(sandbox);
      else nextMs = Math.min(nextMs, dueMs);
    }
    if (nextMs < Infinity) this.#sleepUntil(nextMs);
  }

  async #run(sandbox: Sandbox): Promise<void> {
    this.#underWay.add(sandbox.id);
    try {
      await this.expire(sandbox);
      this.#retryAtMs.delete(sandbox.id);
    } catch {
      this.#retryAtMs.set(sandbox.id, Date.now() + RETRY_MS);
    } finally {
      this.#underWay.delete(sandbox.id);
    }
    this.arm(sandbox);
  }
}
