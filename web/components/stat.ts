/** A number that counts, with what it counts. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { formatCount } from "../text/format.ts";
import "./dot.ts";
import type { Tone } from "./dot.ts";

@customElement("wr-stat")
export class Stat extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-flex;
        gap: 0.5rem;
        align-items: baseline;
        padding: 0.3rem 0.75rem;
        border: 1px solid var(--line);
        border-radius: 2rem;
        background: var(--surface);
        font-size: var(--text-sm);
        white-space: nowrap;
      }

      b {
        font-weight: 600;
        font-variant-numeric: tabular-nums;
      }

      .label {
        color: var(--ink-soft);
      }

      wr-dot {
        align-self: center;
      }
    `,
  ];

  @property() label = "";
  /** Null while it is not known. */
  @property({ type: Number }) value: number | null = null;
  @property() tone: Tone | "" = "";

  override render(): TemplateResult {
    return html`${this.tone === "" ? nothing : html`<wr-dot tone=${this.tone}></wr-dot>`}<b
        >${this.value === null ? "–" : formatCount(this.value)}</b
      ><span class="label">${this.label}</span>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-stat": Stat;
  }
}
