/**
 * A choice of few: the browser's own list, which every device knows how to show.
 *
 * @fires change with `value` set
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import { emit } from "./emit.ts";
import { fieldStyles } from "./field-styles.ts";
import "./icon.ts";

export interface Choice {
  value: string;
  label: string;
}

@customElement("wr-select")
export class Select extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    fieldStyles,
    css`
      :host {
        display: grid;
      }

      .frame {
        position: relative;
      }

      select.box {
        appearance: none;
        padding-inline-end: 2rem;
        cursor: pointer;
      }

      wr-icon {
        position: absolute;
        inset: 0 0.6rem 0 auto;
        height: 100%;
        color: var(--ink-faint);
        pointer-events: none;
      }

      option {
        background: var(--raised);
        color: var(--ink);
      }
    `,
  ];

  @property() label = "";
  /** The label is heard, not seen. */
  @property({ type: Boolean }) bare = false;
  @property() value = "";
  @property() hint = "";
  @property({ type: Boolean }) disabled = false;
  @property({ attribute: false }) choices: readonly Choice[] = [];

  override render(): TemplateResult {
    return html`<label for="select" class=${this.bare ? "visually-hidden" : ""}>${this.label}</label>
      <div class="frame">
        <select
          id="select"
          class="box"
          ?disabled=${this.disabled}
          aria-describedby=${this.hint === "" ? nothing : "hint"}
          @change=${this.#change}
        >
          ${this.choices.map(
            ({ value, label }) =>
              html`<option .value=${value} .selected=${value === this.value}>${label}</option>`,
          )}
        </select>
        <wr-icon name="down"></wr-icon>
      </div>
      ${this.hint === "" ? nothing : html`<p class="hint" id="hint">${this.hint}</p>`}`;
  }

  #change(event: Event): void {
    this.value = (event.target as HTMLSelectElement).value;
    emit(this, "change");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-select": Select;
  }
}
