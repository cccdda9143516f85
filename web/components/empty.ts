/** What stands where nothing is yet: what would be here, and how to get it. The slot holds the way there. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import "./icon.ts";
import type { IconName } from "./icons.ts";

@customElement("wr-empty")
export class Empty extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: var(--s2);
        justify-items: center;
        padding: var(--s7) var(--s4);
        text-align: center;
      }

      .mark {
        display: grid;
        place-items: center;
        width: 3.25rem;
        height: 3.25rem;
        margin-bottom: var(--s2);
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--sunken);
        color: var(--ink-soft);
        font-size: 1.375rem;
      }

      :host([tone="bad"]) .mark {
        background: var(--bad-soft);
        color: var(--bad);
      }

      h1,
      h2 {
        font-size: var(--text-lg);
        font-weight: 600;
      }

      p {
        max-width: 26rem;
        color: var(--ink-soft);
        overflow-wrap: anywhere;
      }

      ::slotted(*) {
        margin-top: var(--s3);
      }
    `,
  ];

  @property() icon: IconName = "sandbox";
  @property() heading = "";
  @property() text = "";
  /** Stands for the whole page: its heading is the page's. */
  @property({ type: Boolean }) alone = false;
  @property({ reflect: true }) tone: "plain" | "bad" = "plain";

  override render(): TemplateResult {
    return html`<span class="mark"><wr-icon name=${this.icon}></wr-icon></span>
      ${this.alone ? html`<h1>${this.heading}</h1>` : html`<h2>${this.heading}</h2>`}
      <p>${this.text}</p>
      <slot></slot>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-empty": Empty;
  }
}
