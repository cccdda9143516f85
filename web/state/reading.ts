/** Reads something when asked, for an element: what came last, whether it failed, and never two at once. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import { describeFailure } from "../api/failure.ts";

export type ReadingState = "loading" | "failed" | "ready";

export class Reading<T> implements ReactiveController {
  value: T | null = null;
  /** Why the last one failed; empty: it did not. */
  failure = "";
  #last = 0;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly work: () => Promise<T>,
  ) {
    host.addController(this);
  }

  get state(): ReadingState {
    if (this.failure !== "") return "failed";
    return this.value === null ? "loading" : "ready";
  }

  /** Asked for again meanwhile, the earlier answer is left out. */
  async read(): Promise<void> {
    this.#last += 1;
    const own = this.#last;
    try {
      const value = await this.work();
      if (own !== this.#last) return;
      this.value = value;
      this.failure = "";
    } catch (error) {
      if (own === this.#last) this.failure = describeFailure(error);
    }
    this.host.requestUpdate();
  }

  hostDisconnected(): void {
    this.#last += 1;
  }
}
