/**
 * A list of the API that stays true: read page by page, then kept by the live events. It lives while somebody
 * looks at it. Changes are gathered and told once a frame, however many come.
 */
import { ApiFailure } from "../api/failure.ts";
import { type LiveChange, type LiveEvents, liveEvents } from "./events.ts";
import { withNextFrame } from "./next-frame.ts";
import { Store, type Unsubscribe } from "./store.ts";

/** What a browser holds without effort, and more than anybody looks through. */
const MOST = 20_000;

export type ListState<T> =
  | { kind: "loading" }
  | { kind: "failed"; failure: ApiFailure }
  /** `complete`: all pages have come. */
  | { kind: "ready"; items: readonly T[]; complete: boolean };

export interface ListSource<T> {
  /** The stream that tells of its items. @default the team's */
  events?: LiveEvents;
  /** Names of those events. */
  kinds: readonly string[];
  page(cursor: string | undefined): Promise<{ items: T[]; next_cursor: string | null }>;
  /** One item as it is now; null when it is not in the list any more. */
  one(id: string): Promise<T | null>;
  idOf(item: T): string;
  /** No more are read. @default {20_000} */
  most?: number;
  /** Whether an event of this id is about the list at all. @default every one */
  concerns?(id: string): boolean;
  /** Whether an item belongs into the list. @default every one */
  keeps?(item: T): boolean;
  /** Sorts before `other` when negative. */
  compare(item: T, other: T): number;
}

export class LiveList<T extends object> {
  readonly state = new Store<ListState<T>>({ kind: "loading" });
  readonly #items = new Map<string, T>();
  #viewers = 0;
  /** Counts readings, so that a late page of an earlier one is left out. */
  #reading = 0;
  #complete = false;
  #cancelFrame: (() => void) | null = null;
  #unfollow: Unsubscribe | null = null;
  /** Ids that events told of while the list is being read: newer than what its pages say. */
  readonly #touched = new Set<string>();
  /** Being asked for; true when it changed again meanwhile. */
  readonly #asked = new Map<string, boolean>();

  constructor(private readonly source: ListSource<T>) {}

  /** Keeps the list alive until the returned function is called. */
  acquire(): Unsubscribe {
    this.#viewers += 1;
    if (this.#viewers === 1) this.#open();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#viewers -= 1;
      if (this.#viewers === 0) this.#close();
    };
  }

  /** Reads everything again; what is shown stays until it is there. */
  async reload(): Promise<void> {
    this.#reading += 1;
    const reading = this.#reading;
    if (this.state.value.kind === "failed") this.state.set({ kind: "loading" });
    const seen = new Set<string>();
    this.#touched.clear();
    try {
      let cursor: string | undefined;
      do {
        const page = await this.source.page(cursor);
        if (reading !== this.#reading) return;
        for (const item of page.items) {
          const id = this.source.idOf(item);
          seen.add(id);
          if (!this.#touched.has(id)) this.#put(item);
        }
        cursor = page.next_cursor ?? undefined;
        this.#complete = cursor === undefined;
        this.#soon();
      } while (cursor !== undefined && seen.size < (this.source.most ?? MOST));
      for (const id of this.#items.keys()) {
        if (!seen.has(id) && !this.#touched.has(id)) this.#items.delete(id);
      }
      this.#soon();
    } catch (error) {
      if (reading !== this.#reading || !(error instanceof ApiFailure)) return;
      this.state.set({ kind: "failed", failure: error });
    }
  }

  /** Takes an item as an answer just gave it, before its event comes. Nothing while nobody looks. */
  learn(item: T): void {
    if (this.#unfollow === null) return;
    this.#touched.add(this.source.idOf(item));
    this.#put(item);
    this.#soon();
  }

  /** Lets go of an item that an answer just said is gone. */
  forget(id: string): void {
    if (this.#unfollow === null) return;
    this.#touched.add(id);
    this.#items.delete(id);
    this.#soon();
  }

  #open(): void {
    this.#unfollow = (this.source.events ?? liveEvents).follow({
      kinds: this.source.kinds,
      changed: (change) => this.#take(change),
      missed: () => void this.reload(),
    });
    void this.reload();
  }

  #close(): void {
    this.#unfollow?.();
    this.#unfollow = null;
    this.#reading += 1;
    this.#items.clear();
    this.#complete = false;
    this.#cancelFrame?.();
    this.#cancelFrame = null;
    this.state.set({ kind: "loading" });
  }

  #take({ id, action, resource }: LiveChange): void {
    if (this.source.concerns?.(id) === false) return;
    this.#touched.add(id);
    if (action === "deleted") this.forget(id);
    else if (resource !== null) this.learn(resource as T);
    else void this.#ask(id);
  }

  async #ask(id: string): Promise<void> {
    if (this.#asked.has(id)) return void this.#asked.set(id, true);
    this.#asked.set(id, false);
    const reading = this.#reading;
    const item = await this.source.one(id).catch(() => undefined);
    const again = this.#asked.get(id) === true;
    this.#asked.delete(id);
    if (this.#unfollow === null || (item === undefined && reading !== this.#reading)) return;
    if (item === null) this.#items.delete(id);
    else if (item !== undefined) this.#put(item);
    this.#soon();
    if (again) await this.#ask(id);
  }

  #put(item: T): void {
    const id = this.source.idOf(item);
    if (this.source.keeps?.(item) === false) this.#items.delete(id);
    else this.#items.set(id, item);
  }

  #soon(): void {
    this.#cancelFrame ??= withNextFrame(() => {
      this.#cancelFrame = null;
      if (this.#unfollow === null) return;
      const items = [...this.#items.values()].sort(this.source.compare);
      this.state.set({ kind: "ready", items, complete: this.#complete });
    });
  }
}
