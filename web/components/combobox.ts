/**
 * A field that offers what fits what is typed. Arrow keys move, Enter takes, Escape closes the list first.
 *
 * @fires change when an option was taken, with `value` set
 * @fires query while typing; detail: the text. For options that are asked for, which then go into `options`
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";
import { live } from "lit/directives/live.js";

import { base } from "../styles/shared.ts";
import { emit } from "./emit.ts";
import { fieldStyles } from "./field-styles.ts";
import { placeAt } from "./popover.ts";

export interface Option {
  value: string;
  label: string;
  /** Beside the label, quieter. */
  hint?: string;
}

/** More to choose from is for typing, not for scrolling. */
const MOST_SHOWN = 50;

@customElement("wr-combobox")
export class Combobox extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    fieldStyles,
    css`
      :host {
        display: grid;
      }

      .list {
        position: fixed;
        inset: auto;
        margin: 0;
        padding: var(--s1);
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--raised);
        box-shadow: var(--shadow-high);
        color: var(--ink);
        overflow-y: auto;
      }

      [role="option"] {
        display: flex;
        flex-wrap: wrap;
        gap: 0 var(--s3);
        align-items: baseline;
        justify-content: space-between;
        padding: 0.4rem var(--s3);
        border-radius: var(--radius);
        overflow-wrap: anywhere;
        cursor: pointer;
      }

      [role="option"][aria-selected="true"] {
        background: var(--accent-soft);
      }

      small {
        color: var(--ink-soft);
        font-size: var(--text-xs);
      }

      .none {
        padding: var(--s2) var(--s3);
        color: var(--ink-faint);
      }
    `,
  ];

  @property() label = "";
  @property() value = "";
  @property() placeholder = "";
  @property() hint = "";
  @property() error = "";
  /** Said when nothing fits. */
  @property() nothingFits = "Nothing fits.";
  @property({ attribute: false }) options: readonly Option[] = [];
  /** The options are made for the text: not filtered here. */
  @property({ type: Boolean }) remote = false;

  @state() private text: string | null = null;
  @state() private isOpen = false;
  @state() private active = 0;
  @query("input") private input!: HTMLInputElement;
  @query(".list") private list!: HTMLElement;

  override render(): TemplateResult {
    const shown = this.#shown;
    const note = this.error === "" ? (this.hint === "" ? nothing : "hint") : "error";
    const activeId = this.isOpen && shown.length > 0 ? `option-${this.active}` : nothing;
    return html`<label for="input">${this.label}</label>
      <input
        id="input"
        class="box"
        role="combobox"
        aria-expanded=${this.isOpen}
        aria-controls="list"
        aria-autocomplete="list"
        aria-activedescendant=${activeId}
        aria-invalid=${ifDefined(this.error === "" ? undefined : "true")}
        aria-describedby=${note}
        autocomplete="off"
        spellcheck="false"
        placeholder=${ifDefined(this.placeholder || undefined)}
        .value=${live(this.text ?? this.#labelOf(this.value))}
        @input=${this.#type}
        @click=${this.#open}
        @blur=${this.#leave}
        @keydown=${this.#key}
      />
      <div class="list" id="list" popover="manual" role="listbox" aria-label=${this.label}>
        ${this.isOpen ? shown.map((option, index) => this.#renderOption(option, index)) : nothing}
        ${this.isOpen && shown.length === 0 ? html`<p class="none" role="option" aria-selected="false">${this.nothingFits}</p>` : nothing}
      </div>
      ${this.error === "" ? nothing : html`<p class="error" id="error" role="alert">${this.error}</p>`}
      ${note === "hint" ? html`<p class="hint" id="hint">${this.hint}</p>` : nothing}`;
  }

  override updated(): void {
    if (!this.isOpen) return;
    if (!this.list.matches(":popover-open")) this.list.showPopover();
    this.list.style.setProperty("width", `${this.input.offsetWidth}px`);
    placeAt(this.list, this.input);
    this.list.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" });
  }

  #renderOption({ label, hint }: Option, index: number): TemplateResult {
    return html`<div
      id="option-${index}"
      role="option"
      aria-selected=${index === this.active}
      @pointerdown=${(event: Event) => event.preventDefault()}
      @click=${() => this.#take(index)}
    >
      <span>${label}</span>${hint === undefined ? nothing : html`<small>${hint}</small>`}
    </div>`;
  }

  #labelOf(value: string): string {
    return this.options.find((option) => option.value === value)?.label ?? value;
  }

  get #shown(): readonly Option[] {
    const wanted = this.text?.trim().toLowerCase() ?? "";
    if (this.remote || wanted === "") return this.options.slice(0, MOST_SHOWN);
    return this.options.filter(({ label }) => label.toLowerCase().includes(wanted)).slice(0, MOST_SHOWN);
  }

  #type(): void {
    this.text = this.input.value;
    this.active = 0;
    this.isOpen = true;
    emit(this, "query", this.text);
  }

  #open(): void {
    if (this.isOpen) return;
    const at = this.#shown.findIndex(({ value }) => value === this.value);
    this.active = Math.max(0, at);
    this.isOpen = true;
  }

  #shut(): void {
    this.isOpen = false;
    if (this.list.matches(":popover-open")) this.list.hidePopover();
  }

  #take(index: number): void {
    const option = this.#shown[index];
    this.#shut();
    // What is asked for elsewhere may be right though nothing was found yet.
    if (option === undefined && this.remote) return;
    this.text = null;
    if (option === undefined) return;
    this.value = option.value;
    emit(this, "change");
  }

  /** What was typed to its end counts as taken; anything else is forgotten. */
  #leave(): void {
    const typed = this.text?.trim().toLowerCase();
    const exact = this.#shown.findIndex(({ label }) => label.toLowerCase() === typed);
    if (typed !== undefined && exact !== -1) return this.#take(exact);
    this.#shut();
    if (!this.remote) this.text = null;
  }

  #key(event: KeyboardEvent): void {
    const last = this.#shown.length - 1;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!this.isOpen) return this.#open();
      const next = this.active + (event.key === "ArrowDown" ? 1 : -1);
      this.active = next > last ? 0 : next < 0 ? last : next;
    } else if (event.key === "Enter" && this.isOpen) {
      event.preventDefault();
      this.#take(this.active);
    } else if (event.key === "Escape" && this.isOpen) {
      // The dialog around it stays.
      event.preventDefault();
      event.stopPropagation();
      this.#shut();
      this.text = null;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-combobox": Combobox;
  }
}
