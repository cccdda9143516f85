/** One sandbox in the agent's memory: its journal, what runs of it, and who is using it. */
import type { SandboxStatusName } from "../errors.ts";
import { AgentError, invalidState } from "../errors.ts";
import type { TemplateKey } from "../images/images.ts";
import type { NetworkSlot } from "../net/slots.ts";
import type { Vm } from "../vm/runtime.ts";
import type { Journal, Paused, Running } from "./journal.ts";
import { Lock } from "./lock.ts";

export type Operation =
  | "acknowledge"
  | "adopt"
  | "create"
  | "destroy"
  | "end"
  | "expire"
  | "flatten"
  | "fork"
  | "pause"
  | "resume"
  | "snapshot"
  | "stop"
  | "update"
  | "vm_exit";

/** They come once each, and the sandbox would be stuck without them: however many wait, these do too. */
const MUST_RUN: ReadonlySet<Operation> = new Set(["adopt", "destroy", "end", "expire", "vm_exit"]);

export interface Live {
  vm: Vm;
  slot: NetworkSlot;
}

/** A forwarded request; `abort` resets it. */
export interface OpenStream {
  abort(): void;
}

export class Sandbox {
  /** Null while it is being made: nobody has been told of it yet. */
  journal: Journal | null = null;
  /** Layers it will own once it has a journal: they must not be collected meanwhile. */
  plannedLayers: string[] = [];
  /** The template whose memory it will stand on, while it has no journal. */
  plannedTemplate: TemplateKey | null = null;
  live: Live | null = null;
  /** The operation under way, or null. */
  operation: Operation | null = null;
  lastActiveMs = Date.now();
  /** Last measured size of what belongs to this sandbox alone. */
  diskBytes = 0;
  /** Requests may be forwarded into it: it runs and has been handed out. */
  accepting = false;
  readonly streams = new Set<OpenStream>();
  readonly lock: Lock;
  /** Aborted when a destroy arrives: operations under way give up. */
  readonly doomed = new AbortController();
  /** What the last operation left to do behind its answer, such as cleaning up. Never rejects. */
  aftermath: Promise<void> = Promise.resolve();

  constructor(
    readonly id: string,
    readonly teamId: string,
  ) {
    this.lock = new Lock(`sandbox ${id}`);
  }

  get status(): SandboxStatusName {
    if (this.operation !== null || this.journal === null) return "busy";
    return this.journal.state;
  }

  /**
   * Runs `work` alone on this sandbox, marked busy, after the last operation has been cleaned up. Its signal
   * is aborted when another operation waits.
   */
  exclusively<T>(operation: Operation, work: (wanted: AbortSignal) => Promise<T>): Promise<T> {
    return this.lock.run(async (wanted) => {
      this.operation = operation;
      try {
        await this.aftermath;
        return await work(wanted);
      } finally {
        this.operation = null;
      }
    }, MUST_RUN.has(operation));
  }

  throwIfDoomed(): void {
    if (this.doomed.signal.aborted) {
      throw new AgentError("sandbox_not_found", `sandbox ${this.id} is being destroyed`);
    }
  }

  /** Throws `invalid_state` unless it runs. */
  requireRunning(): { journal: Running; live: Live } {
    this.throwIfDoomed();
    if (this.journal?.state === "running" && this.live !== null) {
      return { journal: this.journal, live: this.live };
    }
    throw invalidState(this.id, this.journal?.state ?? "busy", "running");
  }

  /** Throws `invalid_state` unless it is paused. */
  requirePaused(): Paused {
    this.throwIfDoomed();
    if (this.journal?.state === "paused") return this.journal;
    throw invalidState(this.id, this.journal?.state ?? "busy", "paused");
  }
}
