/** Brings a sandbox to where a request can go: waits for what is in between, and resumes what traffic may wake. */
import type { SandboxStatus } from "../../db/constants.ts";
import type { Sql } from "../../db/sql.ts";
import { ApiError, unavailable } from "../errors.ts";
import { findTrafficSandbox, type TrafficSandbox } from "./store.ts";

/** The longest wait; a resume's own deadline is below. */
const WAIT_MS = 60_000;
const POLL_MS = 50;
/** Requests that wait for one sandbox, some with bodies; whoever comes on top is told to come again. */
const MAX_WAITING = 100;
/** How long the row may still say `running` of a sandbox that its host has just paused by itself. */
const NEWS_MS = 5_000;

type Ref = Pick<TrafficSandbox, "id" | "teamId">;

export interface WakingDeps {
  sql: Sql;
  /** Resolves when it runs; throws an ApiError. */
  resume: (sandbox: Ref) => Promise<unknown>;
}

/** One wait, and how many requests have joined it. */
interface Wait {
  outcome: Promise<TrafficSandbox | null>;
  requests: number;
}

const isOver = (error: unknown): boolean => error instanceof ApiError && error.code === "invalid_state";

export class Waking {
  /** One wait per sandbox, however many requests wait. */
  readonly #waits = new Map<string, Wait>();

  constructor(private readonly deps: WakingDeps) {}

  /**
   * The sandbox once it runs; null when it will not by itself. Throws why it could not be resumed.
   * @param mayWake whether this request may resume it
   */
  async ready(sandbox: TrafficSandbox, mayWake: boolean): Promise<TrafficSandbox | null> {
    const { id, status } = sandbox;
    if (status === "running") return sandbox;
    if (status !== "resuming" && !(mayWake && sandbox.autoResume)) return null;
    const wait = this.#waits.get(id) ?? { outcome: this.#begin(sandbox), requests: 0 };
    this.#waits.set(id, wait);
    wait.requests += 1;
    if (wait.requests <= MAX_WAITING) return wait.outcome;
    throw unavailable(
      "busy",
      "Many requests wait for this sandbox to resume already. Try again in a moment.",
    );
  }

  /** After its host said that it does not run: the sandbox as soon as the row knows, or null. */
  async afterRefusal(sandbox: TrafficSandbox): Promise<TrafficSandbox | null> {
    const untilMs = performance.now() + NEWS_MS;
    for (;;) {
      const now = await findTrafficSandbox(this.deps.sql, sandbox.id);
      if (now === null || now.status !== "running") return now;
      if (performance.now() > untilMs) return null;
      await Bun.sleep(POLL_MS);
    }
  }

  #begin(sandbox: TrafficSandbox): Wait["outcome"] {
    const outcome = this.#bring(sandbox).finally(() => this.#waits.delete(sandbox.id));
    // Those who wait hear of it; nobody may be left when it fails.
    outcome.catch(() => {});
    return outcome;
  }

  async #bring(found: TrafficSandbox): Promise<TrafficSandbox | null> {
    const untilMs = performance.now() + WAIT_MS;
    let sandbox: TrafficSandbox | null = found;
    while (sandbox !== null && sandbox.status !== "running") {
      if (performance.now() > untilMs) {
        throw unavailable("agent_timeout", "The sandbox takes too long to resume. Try again.");
      }
      if (!(await this.#step(sandbox))) return null;
      sandbox = await findTrafficSandbox(this.deps.sql, found.id);
    }
    return sandbox;
  }

  /** False when it will not run by itself. */
  async #step(sandbox: TrafficSandbox): Promise<boolean> {
    const between: readonly SandboxStatus[] = ["resuming", "pausing"];
    if (sandbox.status === "paused" && sandbox.autoResume) {
      // Another server may be faster: then it is waited for.
      await this.deps.resume(sandbox).catch((error: unknown) => {
        if (!isOver(error)) throw error;
      });
      return true;
    }
    if (!between.includes(sandbox.status)) return false;
    await Bun.sleep(POLL_MS);
    return true;
  }
}
