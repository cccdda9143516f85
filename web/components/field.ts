/**
 * A labelled line of text in a form: it sends its value with the form under `name`, and shows what is wrong
 * with it below.
 *
 * @fires input at each change, with `value` set
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";
import { live } from "lit/directives/live.js";

import { base } from "../styles/shared.ts";
import { fieldStyles } from "./field-styles.ts";
import "./icon.ts";

@customElement("wr-field")
export class Field extends LitElement {
  static formAssociated = true;
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    fieldStyles,
    css`
      :host {
        display: grid;
      }
    `,
  ];

  @property() label = "";
  @property() name = "";
  @property() value = "";
  @property() type: "text" | "email" | "password" | "number" | "search" = "text";
  @property() placeholder = "";
  @property() hint = "";
  /** What is wrong with the value; empty: nothing is. */
  @property() error = "";
  @property() autocomplete: "off" | "name" | "username" | "email" | "current-password" | "new-password" =
    "off";
  @property({ type: Boolean }) required = false;
  /** Says so at the label. */
  @property({ type: Boolean }) optional = false;
  @property({ type: Boolean }) disabled = false;
  @property({ type: Number }) min: number | null = null;
  @property({ type: Number }) max: number | null = null;
  @property({ type: Number }) maxlength: number | null = null;

  @query("input") private input!: HTMLInputElement;
  readonly #internals = this.attachInternals();

  override render(): TemplateResult {
    const note = this.error === "" ? (this.hint === "" ? nothing : "hint") : "error";
    return html`<label for="input"
        >${this.label}${this.optional ? html` <span class="optional">optional</span>` : nothing}</label
      >
      <input
        id="input"
        class="box"
        name=${ifDefined(this.name || undefined)}
        .type=${this.type}
        .value=${live(this.value)}
        placeholder=${ifDefined(this.placeholder || undefined)}
        autocomplete=${this.autocomplete}
        min=${ifDefined(this.min ?? undefined)}
        max=${ifDefined(this.max ?? undefined)}
        maxlength=${ifDefined(this.maxlength ?? undefined)}
        ?required=${this.required}
        ?disabled=${this.disabled}
        aria-invalid=${ifDefined(this.error === "" ? undefined : "true")}
        aria-describedby=${note}
        @input=${this.#input}
        @keydown=${this.#keydown}
      />
      ${this.error === "" ? nothing : html`<p class="error" id="error" role="alert">${this.error}</p>`}
      ${note === "hint" ? html`<p class="hint" id="hint">${this.hint}</p>` : nothing}`;
  }

  override updated(): void {
    this.#internals.setFormValue(this.value);
    const { validity, validationMessage } = this.input;
    if (validity.valid) this.#internals.setValidity({});
    else this.#internals.setValidity(validity, validationMessage, this.input);
  }

  select(): void {
    this.input.select();
  }

  #input(): void {
    this.value = this.input.value;
  }

  /** As in any form: Enter in a line sends it. */
  #keydown(event: KeyboardEvent): void {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    this.#internals.form?.requestSubmit();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-field": Field;
  }
}
