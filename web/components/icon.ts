/** A drawing in the size and colour of the text beside it. Decoration: names are the business of what holds it. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { type IconName, ICONS } from "./icons.ts";

@customElement("wr-icon")
export class Icon extends LitElement {
  static override styles = css`
    :host {
      display: inline-block;
      flex: none;
      width: 1.15em;
      height: 1.15em;
      vertical-align: -0.2em;
    }

    svg {
      display: block;
      width: 100%;
      height: 100%;
      fill: none;
      stroke: currentColor;
      stroke-width: 1.6;
      stroke-linecap: round;
      stroke-linejoin: round;
    }
  `;

  @property() name: IconName = "sandbox";

  override render(): TemplateResult {
    return html`<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[this.name]}</svg>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-icon": Icon;
  }
}
