/**
 * What the agent did to sandboxes by itself (expiry, a dead VM), until the server has recorded it.
 * Kept on disk, one entry per sandbox: a later change or operation replaces an earlier one.
 */
import { readFile } from "node:fs/promises";

import { describeError } from "../errors.ts";
import { writeDurably } from "../system/durable.ts";
import type { Logger } from "../system/log.ts";

export interface Change {
  seq: number;
  sandboxId: string;
  status: "running" | "paused" | "ended";
  reason: string;
  memoryKept: boolean;
  /** RFC 3339. */
  at: string;
}

interface Stored {
  nextSeq: number;
  changes: Change[];
}

export class ChangeLog {
  readonly #changes = new Map<string, Change>();
  #nextSeq = 1;
  #writing: Promise<void> = Promise.resolve();
  #listener: () => void = () => {};

  private constructor(
    readonly path: string,
    readonly log: Logger,
  ) {}

  /** A file that cannot be read is reported and begun anew: the server's reconcile makes up for it. */
  static async open(path: string, log: Logger): Promise<ChangeLog> {
    const changes = new ChangeLog(path, log);
    try {
      const stored = JSON.parse(await readFile(path, "utf8")) as Stored;
      changes.#nextSeq = stored.nextSeq;
      for (const change of stored.changes) changes.#changes.set(change.sandboxId, change);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
        log.error("changes_unreadable", { path, error: describeError(error) });
      }
      // Sequence numbers never repeat, also not after a lost file.
      changes.#nextSeq = Date.now();
    }
    return changes;
  }

  /** Called after each new change. */
  onChange(listener: () => void): void {
    this.#listener = listener;
  }

  pending(): Change[] {
    return [...this.#changes.values()].sort((a, b) => a.seq - b.seq);
  }

  /** On disk when this resolves; a full disk is logged, the change is still sent from memory. */
  async add(change: Omit<Change, "seq" | "at">): Promise<void> {
    const seq = this.#nextSeq++;
    this.#changes.set(change.sandboxId, { ...change, seq, at: new Date().toISOString() });
    await this.#store();
    this.#listener();
  }

  /** A later operation of the server overtook what was to be told. */
  async forget(sandboxId: string): Promise<void> {
    if (this.#changes.delete(sandboxId)) await this.#store();
  }

  async acknowledge(seq: number): Promise<void> {
    const before = this.#changes.size;
    for (const change of this.pending()) {
      if (change.seq <= seq) this.#changes.delete(change.sandboxId);
    }
    if (this.#changes.size !== before) await this.#store();
  }

  #store(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const stored: Stored = { nextSeq: this.#nextSeq, changes: this.pending() };
      try {
        await writeDurably(this.path, JSON.stringify(stored));
      } catch (error) {
        this.log.error("changes_not_written", { error: describeError(error) });
      }
    });
    return this.#writing;
  }
}
