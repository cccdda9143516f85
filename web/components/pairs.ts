/**
 * Keys with values, as many as wanted: metadata, environment.
 *
 * @fires change with `pairs` set
 */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import "./button.ts";
import { emit } from "./emit.ts";
import { fieldStyles } from "./field-styles.ts";
import "./icon.ts";

export type Pair = readonly [key: string, value: string];

@customElement("wr-pairs")
export class Pairs extends LitElement {
  static override styles = [
    base,
    fieldStyles,
    css`
      fieldset {
        display: grid;
        gap: var(--s2);
        justify-items: start;
        margin: 0;
        padding: 0;
        border: 0;
      }

      legend {
        margin-bottom: 0.375rem;
        padding: 0;
        font-size: var(--text-sm);
        font-weight: 500;
      }

      .pair {
        display: grid;
        grid-template-columns: minmax(0, 2fr) minmax(0, 3fr) auto;
        gap: var(--s2);
        width: 100%;
      }
    `,
  ];

  @property() label = "";
  @property({ attribute: false }) pairs: readonly Pair[] = [];

  override render(): TemplateResult {
    return html`<fieldset>
      <legend>${this.label} <span class="optional">optional</span></legend>
      ${this.pairs.map((pair, index) => this.#renderPair(pair, index))}
      <wr-button kind="quiet" small @click=${this.#add}><wr-icon name="plus"></wr-icon>Add a pair</wr-button>
    </fieldset>`;
  }

  #renderPair([key, value]: Pair, index: number): TemplateResult {
    const number = index + 1;
    return html`<div class="pair">
      <input
        class="box"
        aria-label="Key ${number}"
        placeholder="key"
        .value=${key}
        @input=${(event: InputEvent) => this.#put(index, [(event.target as HTMLInputElement).value, value])}
      />
      <input
        class="box"
        aria-label="Value ${number}"
        placeholder="value"
        .value=${value}
        @input=${(event: InputEvent) => this.#put(index, [key, (event.target as HTMLInputElement).value])}
      />
      <wr-button
        kind="quiet"
        label="Remove pair ${number}"
        @click=${() => this.#set(this.pairs.toSpliced(index, 1))}
      >
        <wr-icon name="close"></wr-icon>
      </wr-button>
    </div>`;
  }

  async #add(): Promise<void> {
    this.#set([...this.pairs, ["", ""]]);
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(".pair:last-of-type input")?.focus();
  }

  #put(index: number, pair: Pair): void {
    this.#set(this.pairs.with(index, pair));
  }

  #set(pairs: readonly Pair[]): void {
    this.pairs = pairs;
    emit(this, "change");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-pairs": Pairs;
  }
}
