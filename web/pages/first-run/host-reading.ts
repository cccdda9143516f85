/** What the agent of the host that matters says now: read again at each change that is told of it or its template. */
import type { ReactiveController, ReactiveControllerHost } from "lit";

import { type Host, type HostDetail, readHost } from "../../state/hosts.ts";
import type { Template } from "../../state/templates.ts";

export class HostReading implements ReactiveController {
  /** Null: not known, or there is no host. */
  detail: HostDetail | null = null;
  #host: Host | null = null;
  #template: Template | undefined;
  /** Counts readings, so that a late one is left out. */
  #reading = 0;

  constructor(private readonly owner: ReactiveControllerHost) {
    owner.addController(this);
  }

  hostDisconnected(): void {
    this.follow(null, undefined);
  }

  /** Both as the lists have them: a change is another object. */
  follow(host: Host | null, template: Template | undefined): void {
    if (host === this.#host && template === this.#template) return;
    if (host?.id !== this.#host?.id) this.detail = null;
    [this.#host, this.#template] = [host, template];
    void this.#read();
  }

  async #read(): Promise<void> {
    this.#reading += 1;
    const reading = this.#reading;
    if (this.#host === null) return;
    // Without an answer the last one stays; the next change asks again.
    const detail = await readHost(this.#host.id).catch(() => null);
    if (reading !== this.#reading || detail === null) return;
    this.detail = detail;
    this.owner.requestUpdate();
  }
}
