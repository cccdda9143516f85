/**
 * The frame of the pages for those who are not signed in: the form, and beside it, where there is room, a field
 * of small machines waking and sleeping.
 */
import { css, html, LitElement, svg, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import "./mark.ts";

const ACROSS = 9;
const DOWN = 13;
const STEP = 44;

/** Which machines are awake: scattered, and the same at each visit. */
const wakefulness = (index: number): number => (index * 7919 + 104_729) % 17;

const machine = (_: unknown, index: number): TemplateResult<2> => {
  const x = (index % ACROSS) * STEP;
  const y = Math.floor(index / ACROSS) * STEP;
  const awake = wakefulness(index);
  const kind = awake < 3 ? `awake after-${awake}` : awake < 6 ? "dim" : "";
  return svg`<rect class=${kind} x=${x} y=${y} width="28" height="28" rx="7"/>`;
};

@customElement("wr-entry")
export class Entry extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        min-height: 100dvh;
      }

      main {
        display: grid;
        align-content: center;
        justify-items: center;
        padding: var(--s6) var(--s4);
      }

      .form {
        display: grid;
        gap: var(--s5);
        width: 100%;
        max-width: 22rem;
        animation: rise 420ms var(--ease);
      }

      wr-mark {
        width: 2.5rem;
        height: 2.5rem;
      }

      h1 {
        font-size: 1.625rem;
        font-weight: 600;
        line-height: 1.2;
        letter-spacing: -0.02em;
      }

      .lead {
        margin-top: var(--s1);
        color: var(--ink-soft);
      }

      aside {
        display: none;
        position: relative;
        background: light-dark(#0a4a57, #0c1d21);
        overflow: hidden;
      }

      svg {
        position: absolute;
        inset: -4% auto auto -4%;
        height: 108%;
        min-width: 108%;
        rotate: -6deg;
      }

      rect {
        fill: #ffffff;
        opacity: 0.05;
      }

      .dim {
        opacity: 0.11;
      }

      .awake {
        fill: #8fe3f2;
        opacity: 0.2;
        animation: wake 6s ease-in-out infinite;
      }

      .after-1 {
        animation-delay: -2s;
      }

      .after-2 {
        animation-delay: -4s;
      }

      @keyframes wake {
        50% {
          opacity: 0.72;
        }
      }

      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(0.75rem);
        }
      }

      @media (min-width: 60rem) {
        :host {
          grid-template-columns: minmax(30rem, 5fr) minmax(0, 4fr);
        }

        aside {
          display: block;
        }
      }

      @media (prefers-reduced-motion: reduce) {
        .awake,
        .form {
          animation: none;
        }

        .awake {
          opacity: 0.45;
        }
      }
    `,
  ];

  @property() heading = "";
  @property() lead = "";

  override render(): TemplateResult {
    return html`<main>
        <div class="form">
          <wr-mark></wr-mark>
          <div>
            <h1>${this.heading}</h1>
            <p class="lead">${this.lead}</p>
          </div>
          <slot></slot>
        </div>
      </main>
      <aside aria-hidden="true">
        <svg viewBox="0 0 ${ACROSS * STEP - 16} ${DOWN * STEP - 16}" preserveAspectRatio="xMidYMid slice">
          ${Array.from({ length: ACROSS * DOWN }, machine)}
        </svg>
      </aside>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-entry": Entry;
  }
}
