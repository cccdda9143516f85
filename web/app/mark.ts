/** The wren: Wrenn's mark, in the colour of the text around it. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

@customElement("wr-mark")
export class Mark extends LitElement {
  static override styles = css`
    :host {
      display: inline-block;
      flex: none;
      width: 1.75rem;
      height: 1.75rem;
    }

    svg {
      display: block;
      width: 100%;
      height: 100%;
    }

    .ground {
      fill: var(--accent);
    }

    .bird {
      fill: var(--on-accent);
    }
  `;

  override render(): TemplateResult {
    return html`<svg viewBox="0 0 32 32" aria-hidden="true">
      <rect class="ground" width="32" height="32" rx="8" />
      <path
        class="bird"
        d="M5 13.6 9 12c1-2.5 3-4 5.6-4 3.7 0 5.8 2.5 6.9 5.3.4 1 1.1 1.1 1.6.3l3.3-6.3c.4-.8 1.4-.5 1.3.4-.6 5.6-2.7 9.7-5.6 12.6-1.7 1.7-3.8 2.6-6.1 2.7l-.3 3.3h-1.6l.1-3.4c-3.6-.5-5.7-3-5.8-6.4z"
      />
      <circle class="ground" cx="13.6" cy="12.6" r="1.1" />
    </svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-mark": Mark;
  }
}
