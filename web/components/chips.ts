/**
 * Filters as chips: each is on or off.
 *
 * @fires change with `chosen` set
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { formatCount } from "../text/format.ts";
import { emit } from "./emit.ts";

export interface Chip {
  value: string;
  label: string;
  /** How many there are; left out: not told. */
  count?: number;
}

@customElement("wr-chips")
export class Chips extends LitElement {
  static override styles = [
    base,
    css`
      div {
        display: flex;
        flex-wrap: wrap;
        gap: 0.375rem;
      }

      button {
        display: inline-flex;
        gap: 0.375rem;
        align-items: center;
        min-height: calc(var(--control) - 0.375rem);
        padding: 0 0.75rem;
        border: 1px solid var(--line);
        border-radius: 2rem;
        background: var(--surface);
        color: var(--ink-soft);
        font-size: var(--text-sm);
        cursor: pointer;
        transition:
          background var(--fast),
          color var(--fast),
          border-color var(--fast);
      }

      button:hover {
        border-color: var(--line-strong);
        color: var(--ink);
      }

      button[aria-pressed="true"] {
        border-color: var(--accent);
        background: var(--accent-soft);
        color: var(--accent);
        font-weight: 500;
      }

      .count {
        color: var(--ink-faint);
        font-variant-numeric: tabular-nums;
      }

      [aria-pressed="true"] .count {
        color: inherit;
      }
    `,
  ];

  /** What is filtered. */
  @property() label = "";
  @property({ attribute: false }) chips: readonly Chip[] = [];
  @property({ attribute: false }) chosen: readonly string[] = [];

  override render(): TemplateResult {
    return html`<div role="group" aria-label=${this.label}>
      ${this.chips.map(
        ({ value, label, count }) =>
          html`<button
            type="button"
            aria-pressed=${this.chosen.includes(value)}
            @click=${() => this.#toggle(value)}
          >
            ${label}${count === undefined ? nothing : html`<span class="count">${formatCount(count)}</span>`}
          </button>`,
      )}
    </div>`;
  }

  #toggle(value: string): void {
    this.chosen = this.chosen.includes(value)
      ? this.chosen.filter((one) => one !== value)
      : [...this.chosen, value];
    emit(this, "change");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-chips": Chips;
  }
}
