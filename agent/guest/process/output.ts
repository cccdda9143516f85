/**
 * Output of one process on its way to any number of viewers. While someone watches, the process may run
 * ahead of the slowest viewer by a bounded amount and then waits; while nobody does, it never waits and
 * the last 64 KB are kept.
 */
import { type OutputChunk, RecentOutput } from "./recent-output.ts";
import type { ProcessEnd } from "./status.ts";

/** What a viewer gets: output, a sign of life when there was none for a while, and at last the end. */
export type OutputItem =
  { kind: "data"; chunk: OutputChunk } | { kind: "keepalive" } | { kind: "end"; end: ProcessEnd };

const VIEWER_BYTES = 256 * 1024;

export interface ViewOptions {
  keepaliveMs: number;
  /** The kept output first; otherwise only what comes from now on. */
  replay: boolean;
  /** Aborts when the reader has left: from then on nobody waits for it, whether it reads on or not. */
  signal: AbortSignal;
}

/** One reader's place in the output. */
export class Viewer {
  #queue: OutputChunk[] = [];
  #queuedBytes = 0;
  #keepaliveDue = false;
  #end: ProcessEnd | null = null;
  #left = false;
  #wake: (() => void) | null = null;
  readonly #timer: Timer;
  readonly #output: ProcessOutput;
  readonly #signal: AbortSignal;

  constructor(output: ProcessOutput, { keepaliveMs, signal }: ViewOptions) {
    this.#output = output;
    this.#signal = signal;
    this.#timer = setInterval(() => {
      this.#keepaliveDue = true;
      this.#wake?.();
    }, keepaliveMs);
    signal.addEventListener("abort", this.detach);
  }

  get isFull(): boolean {
    return this.#queuedBytes >= VIEWER_BYTES;
  }

  push(chunk: OutputChunk): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.bytes.byteLength;
    this.#wake?.();
  }

  finish(end: ProcessEnd): void {
    this.#end = end;
    this.#wake?.();
  }

  /** Everything until the end of the process, or until the reader leaves. */
  async *items(): AsyncGenerator<OutputItem, void, void> {
    while (!this.#left) {
      const chunk = this.#queue.shift();
      if (chunk !== undefined) {
        this.#queuedBytes -= chunk.bytes.byteLength;
        this.#keepaliveDue = false;
        this.#timer.refresh();
        if (!this.isFull) this.#output.roomMade();
        yield { kind: "data", chunk };
      } else if (this.#end !== null) {
        yield { kind: "end", end: this.#end };
        return;
      } else if (this.#keepaliveDue) {
        this.#keepaliveDue = false;
        yield { kind: "keepalive" };
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = null;
      }
    }
  }

  /** Idempotent. */
  readonly detach = (): void => {
    this.#left = true;
    clearInterval(this.#timer);
    this.#signal.removeEventListener("abort", this.detach);
    this.#queue = [];
    this.#output.remove(this);
    this.#wake?.();
  };
}

export class ProcessOutput {
  readonly #recent = new RecentOutput();
  readonly #viewers = new Set<Viewer>();
  #end: ProcessEnd | null = null;
  #whenRoom: (() => void)[] = [];

  /** Set by a source that cannot wait between chunks: told once whenever there is room again. */
  onRoom: (() => void) | null = null;
  /** Told how many watch whenever someone comes or leaves. */
  onViewers: ((count: number) => void) | null = null;

  get keptBytes(): number {
    return this.#recent.bytes;
  }

  attach(options: ViewOptions): Viewer {
    const viewer = new Viewer(this, options);
    if (options.replay) for (const chunk of this.#recent.snapshot()) viewer.push(chunk);
    if (this.#end !== null) viewer.finish(this.#end);
    else this.#viewers.add(viewer);
    this.onViewers?.(this.#viewers.size);
    if (options.signal.aborted) viewer.detach();
    return viewer;
  }

  push(chunk: OutputChunk): void {
    this.#recent.add(chunk);
    for (const viewer of this.#viewers) viewer.push(chunk);
  }

  get hasRoom(): boolean {
    for (const viewer of this.#viewers) if (viewer.isFull) return false;
    return true;
  }

  /** Resolves once every viewer has room; at once when nobody watches. */
  async room(): Promise<void> {
    while (!this.hasRoom) await new Promise<void>((resolve) => this.#whenRoom.push(resolve));
  }

  roomMade(): void {
    if (!this.hasRoom) return;
    const waiting = this.#whenRoom;
    this.#whenRoom = [];
    for (const resolve of waiting) resolve();
    this.onRoom?.();
  }

  remove(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return;
    this.roomMade();
    this.onViewers?.(this.#viewers.size);
  }

  finish(end: ProcessEnd): void {
    this.#end = end;
    for (const viewer of this.#viewers) viewer.finish(end);
    this.#viewers.clear();
  }
}
