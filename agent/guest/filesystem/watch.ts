/** Watches a directory, optionally with all below it, and tells what happens in envd's terms. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

import { EventType, type FilesystemEventSchema } from "../../../proto/gen/filesystem/filesystem_pb.ts";
import { errnoOf } from "../errors.ts";
import { asUser } from "../system/credentials.ts";
import {
  IN_ATTRIB,
  IN_CREATE,
  IN_DELETE,
  IN_DELETE_SELF,
  IN_IGNORED,
  IN_ISDIR,
  IN_MODIFY,
  IN_MOVE_SELF,
  IN_MOVED_FROM,
  IN_MOVED_TO,
  IN_Q_OVERFLOW,
  Inotify,
  type InotifyEvent,
} from "../system/inotify.ts";
import type { User, UserDirectory } from "../users.ts";
import { readEntry } from "./entry.ts";

export type WatchEvent = MessageInitShape<typeof FilesystemEventSchema>;

export interface WatchOptions {
  root: string;
  user: User;
  users: UserDirectory;
  recursive: boolean;
  /** Each event carries the entry, unless it is gone already. */
  includeEntry: boolean;
  allowNetworkMounts: boolean;
}

/** Events waiting for a reader; more means the reader has left or cannot keep up, and is told so. */
const QUEUE_LIMIT = 16_384;

const KINDS: readonly (readonly [number, EventType])[] = [
  [IN_CREATE, EventType.CREATE],
  [IN_MOVED_TO, EventType.CREATE],
  [IN_MODIFY, EventType.WRITE],
  [IN_DELETE, EventType.REMOVE],
  [IN_DELETE_SELF, EventType.REMOVE],
  [IN_MOVED_FROM, EventType.RENAME],
  [IN_MOVE_SELF, EventType.RENAME],
  [IN_ATTRIB, EventType.CHMOD],
];

/** What events that were read together say of each other. */
interface Batch {
  /** What a scan has told already, though its event comes after. */
  announced: Set<string>;
  /**
   * Watches of directories that were moved away, with their old paths. Given up only at the end: what
   * happened right after a move within the tree comes over the same watch.
   */
  left: Map<number, string>;
}

export class Watch {
  readonly #inotify: Inotify;
  readonly #directories = new Map<number, string>();
  #queue: WatchEvent[] = [];
  #lost = false;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(private readonly options: WatchOptions) {
    this.#inotify = new Inotify();
    try {
      asUser(options.user, () => {
        this.#add(options.root, { isRoot: true });
      });
    } catch (error) {
      this.#inotify.close();
      throw error;
    }
    void this.#readAll();
  }

  /** Watches `directory` and, when recursive, what is below. Returns the paths found below. */
  #add(directory: string, { isRoot }: { isRoot: boolean }): string[] {
    this.#directories.set(this.#inotify.add(directory, { follow: isRoot }), directory);
    if (!this.options.recursive) return [];
    const found: string[] = [];
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name);
      found.push(path);
      if (entry.isDirectory()) found.push(...this.#addIfThere(path));
    }
    return found;
  }

  /** For directories below the root: gone again, or not this user's to read, is no error. */
  #addIfThere(directory: string): string[] {
    try {
      return this.#add(directory, { isRoot: false });
    } catch (error) {
      const code = errnoOf(error);
      if (code === "ENOSPC" || code === "EMFILE") this.#lost = true;
      else if (code === null) throw error;
      return [];
    }
  }

  async #readAll(): Promise<void> {
    try {
      for (;;) {
        const events = await this.#inotify.read();
        if (events === null) return;
        asUser(this.options.user, () => {
          const batch: Batch = { announced: new Set(), left: new Map() };
          for (const event of events) this.#take(event, batch);
          this.#forget(batch.left);
        });
        this.#wake?.();
      }
    } catch {
      this.#lost = true;
      this.#wake?.();
    }
  }

  #take(event: InotifyEvent, batch: Batch): void {
    if (event.mask & IN_Q_OVERFLOW) {
      this.#lost = true;
      return;
    }
    const directory = this.#directories.get(event.watch);
    if (directory === undefined) return;
    if (event.mask & IN_IGNORED) {
      this.#directories.delete(event.watch);
      return;
    }
    const isSelf = event.name === "";
    // A directory below tells of its own end to its parent's watch too.
    if (isSelf && directory !== this.options.root) return;
    const path = isSelf ? directory : join(directory, event.name);
    const kind = KINDS.find(([bit]) => (event.mask & bit) !== 0)?.[1];
    if (kind === undefined) return;
    if (kind === EventType.CREATE && batch.announced.delete(path)) return;
    this.#queueEvent(path, kind);
    if (!this.options.recursive || (event.mask & IN_ISDIR) === 0 || isSelf) return;
    if (kind === EventType.CREATE) this.#followNew(path, batch.announced);
    if (kind === EventType.RENAME) this.#noteLeft(path, batch.left);
  }

  /** What was made in a new directory before it was watched is told now. */
  #followNew(directory: string, announced: Set<string>): void {
    for (const path of this.#addIfThere(directory)) {
      announced.add(path);
      this.#queueEvent(path, EventType.CREATE);
    }
  }

  /** A directory was moved away: its old names mean nothing any more, if no new ones follow. */
  #noteLeft(directory: string, left: Batch["left"]): void {
    for (const [watch, path] of this.#directories) {
      if (path === directory || path.startsWith(`${directory}/`)) left.set(watch, path);
    }
  }

  #forget(left: Batch["left"]): void {
    for (const [watch, path] of left) {
      // Moved to a place that is watched too, the same watch goes on under the new name.
      if (this.#directories.get(watch) !== path) continue;
      this.#directories.delete(watch);
      this.#inotify.remove(watch);
    }
  }

  #queueEvent(path: string, type: EventType): void {
    if (this.#queue.length >= QUEUE_LIMIT) {
      this.#lost = true;
      return;
    }
    const name = relative(this.options.root, path) || ".";
    this.#queue.push({ name, type, entry: this.options.includeEntry ? this.#entryOf(path) : undefined });
  }

  #entryOf(path: string): WatchEvent["entry"] {
    try {
      return readEntry(path, this.options.users);
    } catch (error) {
      if (errnoOf(error) === null) throw error;
      return undefined;
    }
  }

  /** What has happened since the last call. Throws data_loss once when events were lost. */
  take(): WatchEvent[] {
    const taken = this.#queue;
    this.#queue = [];
    if (taken.length === 0 && this.#lost) {
      this.#lost = false;
      throw new ConnectError("events were lost: list the directory again", Code.DataLoss);
    }
    return taken;
  }

  /** Resolves when there is something to take, after `timeoutMs`, or when `signal` aborts. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.#queue.length > 0 || this.#lost || this.#closed || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      signal.addEventListener("abort", done);
      this.#wake = done;
    });
  }

  close(): void {
    this.#closed = true;
    this.#inotify.close();
    this.#wake?.();
  }
}

/** Events as they come; null when there was none for `keepaliveMs`. Ends when `signal` aborts. */
export async function* watchEvents(
  watch: Watch,
  { keepaliveMs, signal }: { keepaliveMs: number; signal: AbortSignal },
): AsyncGenerator<WatchEvent | null, void, void> {
  while (!signal.aborted) {
    await watch.wait(keepaliveMs, signal);
    if (signal.aborted) return;
    const events = watch.take();
    if (events.length === 0) yield null;
    yield* events;
  }
}
