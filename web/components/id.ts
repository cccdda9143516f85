/** An id: short, whole on hover. Where it leads somewhere it is a link with a way to copy beside it. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { shortId } from "../text/format.ts";
import "./copy.ts";

@customElement("wr-id")
export class Id extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: inline-flex;
        gap: var(--s1);
        align-items: center;
        min-width: 0;
        max-width: 100%;
      }

      a {
        min-width: 0;
        border-radius: var(--radius-s);
        color: var(--ink);
        font-family: var(--mono);
        font-size: 0.93em;
        font-weight: 500;
        text-decoration: none;
        overflow: hidden;
        text-overflow: ellipsis;
      }

      /* In a sentence it takes no room of its own. */
      a + wr-copy {
        margin-inline-end: var(--copy-overlap, 0);
      }

      a:hover {
        color: var(--accent);
        text-decoration: underline;
      }
    `,
  ];

  @property() value = "";
  @property() href = "";
  /** What it is of: `sandbox`. */
  @property() label = "";

  override render(): TemplateResult {
    const short = shortId(this.value);
    if (this.href === "") {
      return html`<wr-copy chip label="${this.label} id" value=${this.value} text=${short}></wr-copy>`;
    }
    return html`<a href=${this.href} title=${this.value}>${short}</a
      ><wr-copy chip bare label="${this.label} id" value=${this.value} text=${short}></wr-copy>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-id": Id;
  }
}
