/** A check that is drawn by an invisible hand: it worked. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

import { base } from "../styles/shared.ts";

@customElement("wr-drawn-check")
export class DrawnCheck extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-grid;
        width: 2.75rem;
        height: 2.75rem;
      }

      svg {
        fill: none;
        stroke: var(--good);
        stroke-width: 1.9;
        stroke-linecap: round;
        stroke-linejoin: round;
      }

      circle {
        fill: var(--good-soft);
        stroke-dasharray: 64;
        animation: draw 520ms var(--ease) both;
      }

      path {
        stroke-dasharray: 16;
        animation: draw 320ms 380ms var(--ease) both;
      }

      @keyframes draw {
        from {
          stroke-dashoffset: 64;
        }
      }

      @media (prefers-reduced-motion: reduce) {
        circle,
        path {
          animation: none;
        }
      }
    `,
  ];

  override render(): TemplateResult {
    return html`<svg viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="10" />
      <path d="m7.75 12.5 3 3 5.5-6" />
    </svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-drawn-check": DrawnCheck;
  }
}
