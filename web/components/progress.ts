/** How far something is, or that it is under way. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";

import { base } from "../styles/shared.ts";

@customElement("wr-progress")
export class Progress extends LitElement {
  static override styles = [
    base,
    css`
      .track {
        height: 0.375rem;
        border-radius: 1rem;
        background: var(--sunken);
        box-shadow: inset 0 0 0 1px var(--line);
        overflow: hidden;
      }

      .bar {
        width: 100%;
        height: 100%;
        border-radius: inherit;
        background: var(--accent);
        transform: scaleX(var(--done, 0));
        transform-origin: left;
        transition: transform var(--slow) var(--ease);
      }

      .unknown .bar {
        width: 35%;
        transform: none;
        animation: pass 1.4s ease-in-out infinite;
      }

      @keyframes pass {
        from {
          translate: -100%;
        }

        to {
          translate: 300%;
        }
      }
    `,
  ];

  /** What is under way. */
  @property() label = "";
  /** 0 to 1; null: nobody knows. */
  @property({ type: Number }) value: number | null = null;

  @query(".bar") private bar!: HTMLElement;

  override render(): TemplateResult {
    const percent = this.value === null ? nothing : Math.round(this.value * 100);
    return html`<div
      class="track ${this.value === null ? "unknown" : ""}"
      role="progressbar"
      aria-label=${this.label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${percent}
    >
      <div class="bar"></div>
    </div>`;
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("value")) this.bar.style.setProperty("--done", String(this.value ?? 0));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-progress": Progress;
  }
}
