/** A moment as people say it, kept up to date; the exact one on hover. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { formatAge, formatDuration, formatExact, formatRelative } from "../text/format.ts";
import { clock } from "./clock.ts";

const MINUTE_MS = 60_000;

@customElement("wr-time")
export class Time extends LitElement {
  /** RFC 3339. */
  @property() value = "";
  /**
   * `relative`: 5 min ago. `minutes`: the same, no finer than minutes. `age`: how long since. `left`: how long
   * until.
   */
  @property() form: "relative" | "minutes" | "age" | "left" = "relative";

  #stop: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stop = clock.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop?.();
  }

  override render(): TemplateResult | typeof nothing {
    if (this.value === "") return nothing;
    const date = new Date(this.value);
    return html`<time datetime=${this.value} title=${formatExact(date)}>${this.#words(date)}</time>`;
  }

  #words(date: Date): string {
    const nowMs = Date.now();
    if (this.form === "age") return formatAge(nowMs - date.getTime());
    if (this.form === "left") return formatDuration(date.getTime() - nowMs);
    if (this.form === "minutes" && Math.abs(nowMs - date.getTime()) < MINUTE_MS) return "under a minute ago";
    return formatRelative(date, nowMs);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-time": Time;
  }
}
