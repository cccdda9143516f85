/** A word in a pill: a role, a type, a mark. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";

@customElement("wr-badge")
export class Badge extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-block;
        max-width: 100%;
        vertical-align: middle;
        overflow: hidden;
        text-overflow: ellipsis;
        padding: 0.0625rem 0.5rem;
        border-radius: 1rem;
        background: var(--sunken);
        color: var(--ink-soft);
        font-size: var(--text-xs);
        font-weight: 500;
        line-height: 1.25rem;
        white-space: nowrap;
      }

      :host([tone="accent"]) {
        background: var(--accent-soft);
        color: var(--accent);
      }

      :host([tone="good"]) {
        background: var(--good-soft);
        color: var(--good);
      }

      :host([tone="warn"]) {
        background: var(--warn-soft);
        color: var(--warn);
      }

      :host([tone="bad"]) {
        background: var(--bad-soft);
        color: var(--bad);
      }
    `,
  ];

  @property({ reflect: true }) tone: "plain" | "accent" | "good" | "warn" | "bad" = "plain";

  override render(): TemplateResult {
    return html`<slot></slot>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-badge": Badge;
  }
}
