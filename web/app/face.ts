/** What a menu of the sidebar shows of a team or a person: an initial, the name, and a drawing. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../components/icon.ts";
import type { IconName } from "../components/icons.ts";
import { base } from "../styles/shared.ts";

@customElement("wr-face")
export class Face extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        flex: 1;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0.625rem;
        align-items: center;
        text-align: start;
      }

      .initial {
        display: grid;
        place-items: center;
        width: 1.5rem;
        height: 1.5rem;
        border-radius: var(--radius-s);
        background: var(--accent-soft);
        color: var(--accent);
        font-size: var(--text-xs);
        font-weight: 600;
      }

      :host([person]) .initial {
        border: 1px solid var(--line-strong);
        border-radius: 50%;
        background: none;
        color: inherit;
      }

      /* Drawn, not said: the name stands beside it. */
      .initial::before {
        content: attr(data-letter);
      }

      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        line-height: 1.4;
      }

      :host(:not([person])) wr-icon {
        color: var(--ink-faint);
      }

      :host([collapsed]) .name,
      :host([collapsed]) wr-icon {
        display: none;
      }

      :host([collapsed]) {
        grid-template-columns: auto;
        justify-content: center;
      }
    `,
  ];

  @property() name = "";
  @property() icon: IconName = "down";
  /** Not a team. */
  @property({ type: Boolean, reflect: true }) person = false;
  /** The initial alone. */
  @property({ type: Boolean, reflect: true }) collapsed = false;

  override render(): TemplateResult {
    return html`<span class="initial" data-letter=${Array.from(this.name)[0]?.toUpperCase() ?? ""}></span>
      <span class="name">${this.name}</span>
      <wr-icon name=${this.icon}></wr-icon>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-face": Face;
  }
}
