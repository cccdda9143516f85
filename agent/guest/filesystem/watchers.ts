/** The polling form of watches: kept between calls under an id, bounded in number. */
import { readFileSync } from "node:fs";

import { Code, ConnectError } from "@connectrpc/connect";

import type { Watch, WatchEvent } from "./watch.ts";

/** This program's own generator draws ahead, and every clone has a copy of what it drew. */
const newId = (): string => readFileSync("/proc/sys/kernel/random/uuid", "utf8").trim();

/** Each holds an inotify instance, of which the kernel gives a user 128. */
const MAX_WATCHERS = 64;
/** Whoever has not asked for so long has left without removing it: its place goes to a new one. */
const FORGOTTEN_MS = 600_000;

interface Polled {
  watch: Pick<Watch, "take" | "close">;
  askedAtMs: number;
}

export class WatcherTable {
  /** Longest unasked first. */
  readonly #watches = new Map<string, Polled>();

  /** @param nowMs monotonic: the wall clock jumps at every restore */
  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** Returns the id. Throws resource_exhausted, and closes the watch, when there are too many. */
  add(watch: Polled["watch"]): string {
    if (this.#watches.size >= MAX_WATCHERS && !this.#forgetOne()) {
      watch.close();
      throw new ConnectError("too many watchers: remove one first", Code.ResourceExhausted);
    }
    const id = newId();
    this.#watches.set(id, { watch, askedAtMs: this.nowMs() });
    return id;
  }

  #forgetOne(): boolean {
    for (const [id, { askedAtMs }] of this.#watches) {
      if (this.nowMs() - askedAtMs < FORGOTTEN_MS) return false;
      this.remove(id);
      return true;
    }
    return false;
  }

  #find(id: string): Polled {
    const found = this.#watches.get(id);
    if (found === undefined) throw new ConnectError(`watcher '${id}' not found`, Code.NotFound);
    return found;
  }

  takeEvents(id: string): WatchEvent[] {
    const { watch } = this.#find(id);
    this.#watches.delete(id);
    this.#watches.set(id, { watch, askedAtMs: this.nowMs() });
    return watch.take();
  }

  remove(id: string): void {
    this.#find(id).watch.close();
    this.#watches.delete(id);
  }
}
