/** Ties an element to a live list: read while the element is on the page and wants it. */
import type { LitElement, ReactiveController } from "lit";

import type { ListState, LiveList } from "./live-list.ts";
import type { Unsubscribe } from "./store.ts";
import { Watch } from "./watch.ts";

export class FollowList<T extends object> implements ReactiveController {
  readonly #watch: Watch<ListState<T>>;
  #release: Unsubscribe | null = null;
  #isConnected = false;

  constructor(
    host: LitElement,
    private readonly list: LiveList<T>,
    /** False: not before `follow(true)`. */
    private isWanted = true,
  ) {
    this.#watch = new Watch(host, list.state);
    host.addController(this);
  }

  get state(): ListState<T> {
    return this.#watch.value;
  }

  /** Empty until it has been read. */
  get items(): readonly T[] {
    return this.state.kind === "ready" ? this.state.items : [];
  }

  follow(isWanted: boolean): void {
    this.isWanted = isWanted;
    this.#settle();
  }

  hostConnected(): void {
    this.#isConnected = true;
    this.#settle();
  }

  hostDisconnected(): void {
    this.#isConnected = false;
    this.#settle();
  }

  #settle(): void {
    if (this.#isConnected && this.isWanted) this.#release ??= this.list.acquire();
    else {
      this.#release?.();
      this.#release = null;
    }
  }
}
