/** Ties an element to a store: it renders again when the value changes, and lets go when it leaves the page. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import type { Store, Unsubscribe } from "./store.ts";

export class Watch<T> implements ReactiveController {
  #unsubscribe: Unsubscribe | null = null;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly store: Store<T>,
  ) {
    host.addController(this);
  }

  get value(): T {
    return this.store.value;
  }

  hostConnected(): void {
    this.#unsubscribe = this.store.subscribe(() => this.host.requestUpdate());
    // It may have changed while the element was away.
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
