/**
 * Something that is on or off, with what it means below.
 *
 * @fires change with `checked` set
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { emit } from "./emit.ts";

@customElement("wr-check")
export class Check extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    css`
      label {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: 0 var(--s3);
        align-items: center;
        min-height: calc(var(--control) - 0.375rem);
        cursor: pointer;
      }

      input {
        width: 1rem;
        height: 1rem;
        margin: 0;
        cursor: inherit;
      }

      .hint {
        grid-column: 2;
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }
    `,
  ];

  @property() label = "";
  @property() hint = "";
  @property({ type: Boolean }) checked = false;

  override render(): TemplateResult {
    return html`<label
      ><input
        type="checkbox"
        .checked=${this.checked}
        aria-describedby=${this.hint === "" ? nothing : "hint"}
        @change=${this.#change}
      /><span>${this.label}</span
      >${this.hint === "" ? nothing : html`<span class="hint" id="hint" aria-hidden="true">${this.hint}</span>`}</label
    >`;
  }

  #change(event: Event): void {
    this.checked = (event.target as HTMLInputElement).checked;
    emit(this, "change");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-check": Check;
  }
}
