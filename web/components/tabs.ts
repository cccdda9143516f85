/**
 * Several views of one thing. What belongs to the chosen tab is rendered by the page, below.
 *
 * @fires change with `chosen` set
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { formatCount } from "../text/format.ts";
import { emit } from "./emit.ts";

export interface Tab {
  value: string;
  label: string;
  count?: number;
}

@customElement("wr-tabs")
export class Tabs extends LitElement {
  static override styles = [
    base,
    css`
      .tabs {
        position: relative;
        display: flex;
        gap: var(--s1);
        border-bottom: 1px solid var(--line);
        overflow-x: auto;
        scrollbar-width: none;
      }

      button {
        position: relative;
        flex: none;
        min-height: var(--control);
        padding: var(--s1) var(--s3) var(--s2);
        border: 0;
        background: transparent;
        color: var(--ink-soft);
        font-weight: 500;
        cursor: pointer;
        transition: color var(--fast);
      }

      button:focus-visible {
        outline-offset: -2px;
      }

      button:hover,
      button[aria-selected="true"] {
        color: var(--ink);
      }

      button::after {
        content: "";
        position: absolute;
        inset: auto var(--s3) 0;
        height: 2px;
        border-radius: 2px;
        background: var(--accent);
        scale: 0 1;
        transition: scale var(--slow) var(--ease);
      }

      button[aria-selected="true"]::after {
        scale: 1;
      }

      .count {
        margin-inline-start: var(--s1);
        color: var(--ink-faint);
        font-weight: 400;
      }
    `,
  ];

  /** What they are views of. */
  @property() label = "";
  @property({ attribute: false }) tabs: readonly Tab[] = [];
  @property() chosen = "";

  override render(): TemplateResult {
    return html`<div class="tabs" role="tablist" aria-label=${this.label} @keydown=${this.#key}>
      ${this.tabs.map(
        ({ value, label, count }) =>
          html`<button
            type="button"
            role="tab"
            aria-selected=${value === this.chosen}
            tabindex=${value === this.chosen ? 0 : -1}
            @click=${() => this.#choose(value)}
          >
            ${label}${count === undefined ? nothing : html`<span class="count">${formatCount(count)}</span>`}
          </button>`,
      )}
    </div>`;
  }

  /** The chosen one is in sight, however narrow it is. */
  override updated(): void {
    const tabs = this.renderRoot.querySelector<HTMLElement>(".tabs");
    const chosen = tabs?.querySelector<HTMLElement>('[aria-selected="true"]');
    if (!tabs || !chosen) return;
    const { offsetLeft: left, offsetWidth: width } = chosen;
    if (left < tabs.scrollLeft) tabs.scrollLeft = left;
    else if (left + width > tabs.scrollLeft + tabs.clientWidth)
      tabs.scrollLeft = left + width - tabs.clientWidth;
  }

  /** The chosen one. */
  override focus(): void {
    this.shadowRoot?.querySelector<HTMLElement>('[aria-selected="true"]')?.focus();
  }

  #choose(value: string): void {
    if (value === this.chosen) return;
    this.chosen = value;
    emit(this, "change");
  }

  #key(event: KeyboardEvent): void {
    const at = this.tabs.findIndex(({ value }) => value === this.chosen);
    const { length } = this.tabs;
    const to: Record<string, number> = {
      ArrowRight: (at + 1) % length,
      ArrowLeft: (at - 1 + length) % length,
      Home: 0,
      End: length - 1,
    };
    const index = to[event.key];
    const tab = index === undefined ? undefined : this.tabs[index];
    if (index === undefined || tab === undefined) return;
    event.preventDefault();
    this.#choose(tab.value);
    this.shadowRoot?.querySelectorAll("button")[index]?.focus();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-tabs": Tabs;
  }
}
