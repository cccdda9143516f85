/**
 * One step on a way, in a list of them: what it is about, and how far it is. The slot holds what there is to know
 * and to do.
 */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import "./icon.ts";

/** `busy`: under way by itself. `now`: somebody has to do it. `later`: waits for the ones before. */
export type StepStage = "done" | "busy" | "now" | "later" | "failed";

/** Heard where the mark is seen. */
const HEARD: Record<StepStage, string> = {
  done: "done",
  busy: "under way",
  now: "to do",
  later: "later",
  failed: "failed",
};

@customElement("wr-step")
export class Step extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        position: relative;
        display: grid;
        grid-template-columns: 2rem minmax(0, 1fr);
        gap: var(--s1) var(--s4);
        padding-bottom: var(--s6);
      }

      :host([last]) {
        padding-bottom: 0;
      }

      /* The way to the next one. */
      :host(:not([last]))::before {
        content: "";
        position: absolute;
        inset: 2.5rem auto var(--s2) calc(1rem - 1px);
        width: 2px;
        border-radius: 1px;
        background: var(--line);
        transition: background var(--slow) var(--ease);
      }

      :host([stage="done"]:not([last]))::before {
        background: var(--good);
        opacity: 0.45;
      }

      .mark {
        display: grid;
        place-items: center;
        width: 2rem;
        height: 2rem;
        border: 1.5px solid var(--line-strong);
        border-radius: 50%;
        background: var(--surface);
        color: var(--ink-faint);
        font-weight: 600;
        font-variant-numeric: tabular-nums;
        transition:
          background var(--slow) var(--ease),
          border-color var(--slow) var(--ease);
      }

      .now {
        border-color: var(--accent);
        background: var(--accent);
        color: var(--on-accent);
      }

      .busy {
        position: relative;
        border-color: var(--line);
        color: var(--accent);
      }

      .busy::after {
        content: "";
        position: absolute;
        inset: -1.5px;
        border: 2px solid var(--accent);
        border-inline-end-color: transparent;
        border-radius: 50%;
        animation: turn 1.1s linear infinite;
      }

      .done {
        border-color: transparent;
        background: var(--good-soft);
        color: var(--good);
      }

      .failed {
        border-color: transparent;
        background: var(--bad-soft);
        color: var(--bad);
      }

      @keyframes turn {
        to {
          rotate: 1turn;
        }
      }

      @media (prefers-reduced-motion: reduce) {
        .busy::after {
          animation: none;
        }
      }

      .content {
        display: grid;
        gap: var(--s3);
        min-width: 0;
        padding-top: 0.3125rem;
      }

      h2 {
        font-size: var(--text-lg);
        font-weight: 600;
        line-height: 1.375rem;
      }

      :host([stage="later"]) h2 {
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ type: Number }) number = 1;
  @property() heading = "";
  @property({ reflect: true }) stage: StepStage = "later";
  /** No other comes after it. */
  @property({ type: Boolean, reflect: true }) last = false;

  override render(): TemplateResult {
    return html`<span class="mark ${this.stage}" aria-hidden="true">${this.#renderMark()}</span>
      <div class="content">
        <h2>${this.heading} <span class="visually-hidden">(${HEARD[this.stage]})</span></h2>
        <slot></slot>
      </div>`;
  }

  #renderMark(): TemplateResult | number {
    if (this.stage === "done") return html`<wr-icon name="check"></wr-icon>`;
    if (this.stage === "failed") return html`<wr-icon name="alert"></wr-icon>`;
    return this.number;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-step": Step;
  }
}
