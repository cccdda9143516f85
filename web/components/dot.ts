/** A status as a dot with its word. A dot that pulses stands for something that is alive now. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";

export type Tone = "good" | "warn" | "bad" | "idle" | "busy";

@customElement("wr-dot")
export class Dot extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-flex;
        gap: 0.625rem;
        align-items: center;
        min-width: 0;
      }

      .dot {
        position: relative;
        flex: none;
        width: 0.5rem;
        height: 0.5rem;
        border-radius: 50%;
        background: currentColor;
      }

      .good {
        color: var(--good);
      }

      .warn,
      .busy {
        color: var(--warn);
      }

      .bad {
        color: var(--bad);
      }

      .idle {
        color: var(--ink-faint);
      }

      /* Hollow: at rest, told apart without its colour. */
      .idle.dot {
        background: transparent;
        box-shadow: inset 0 0 0 1.5px currentColor;
      }

      .pulses::after {
        content: "";
        position: absolute;
        inset: 0;
        border-radius: 50%;
        background: currentColor;
        animation: pulse 2.4s var(--ease) infinite;
      }

      .busy.dot {
        animation: breathe 1.2s ease-in-out infinite alternate;
      }

      @keyframes pulse {
        from {
          opacity: 0.5;
          scale: 1;
        }

        70%,
        to {
          opacity: 0;
          scale: 2.8;
        }
      }

      @keyframes breathe {
        to {
          opacity: 0.35;
        }
      }

      @media (prefers-reduced-motion: reduce) {
        .pulses::after,
        .busy.dot {
          animation: none;
        }
      }
    `,
  ];

  @property() tone: Tone = "idle";
  @property({ type: Boolean }) pulse = false;

  override render(): TemplateResult {
    return html`<span class="dot ${this.tone} ${this.pulse ? "pulses" : ""}" aria-hidden="true"></span
      ><slot></slot>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-dot": Dot;
  }
}
