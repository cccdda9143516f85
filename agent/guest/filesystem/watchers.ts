/** The polling form of watches: kept between calls under an id, bounded in number. */
import { readFileSync } from "node:fs";

import { Code, ConnectError } from "@connectrpc/connect";

import type { Watch, WatchEvent } from "./watch.ts";

/** This program's own generator draws ahead, and every clone has a copy of what it drew. */
const newId = (): string => readFileSync("/proc/sys/kernel/random/uuid", "utf8").trim();

/** Each holds an inotify instance, of which the kernel gives a user 128. */
const MAX_WATCHERS = 64;

export class WatcherTable {
  readonly #watches = new Map<string, Watch>();

  /** Returns the id. Throws resource_exhausted, and closes the watch, when there are too many. */
  add(watch: Watch): string {
    if (this.#watches.size >= MAX_WATCHERS) {
      watch.close();
      throw new ConnectError("too many watchers: remove one first", Code.ResourceExhausted);
    }
    const id = newId();
    this.#watches.set(id, watch);
    return id;
  }

  #find(id: string): Watch {
    const watch = this.#watches.get(id);
    if (watch === undefined) throw new ConnectError(`watcher '${id}' not found`, Code.NotFound);
    return watch;
  }

  takeEvents(id: string): WatchEvent[] {
    return this.#find(id).take();
  }

  remove(id: string): void {
    this.#find(id).close();
    this.#watches.delete(id);
  }
}
