/**
 * A line to search a list with. The key `/` leads to it where the page marks it `data-search`.
 *
 * @fires change while typing, with `value` set
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { live } from "lit/directives/live.js";

import { base } from "../styles/shared.ts";
import { emit } from "./emit.ts";
import { fieldStyles } from "./field-styles.ts";
import "./icon.ts";

@customElement("wr-search")
export class Search extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    fieldStyles,
    css`
      :host {
        display: block;
        position: relative;
      }

      wr-icon {
        position: absolute;
        inset: 0 auto 0 0.75rem;
        height: 100%;
        color: var(--ink-faint);
        pointer-events: none;
      }

      .box {
        padding-inline: 2.25rem 2rem;
      }

      kbd {
        position: absolute;
        inset: 0 0.5rem 0 auto;
        height: 1.25rem;
        margin: auto;
        padding: 0 0.375rem;
        border: 1px solid var(--line);
        border-radius: var(--radius-s);
        color: var(--ink-faint);
        font: 400 var(--text-xs) / 1.125rem var(--mono);
        pointer-events: none;
      }

      .box:focus ~ kbd,
      .box:not(:placeholder-shown) ~ kbd {
        display: none;
      }

      @media (pointer: coarse) {
        kbd {
          display: none;
        }
      }
    `,
  ];

  @property() label = "Search";
  @property() value = "";
  @property() placeholder = " ";

  override render(): TemplateResult {
    return html`<wr-icon name="search"></wr-icon>
      <input
        class="box"
        type="search"
        aria-label=${this.label}
        aria-keyshortcuts=${this.hasAttribute("data-search") ? "/" : nothing}
        autocomplete="off"
        spellcheck="false"
        placeholder=${this.placeholder}
        .value=${live(this.value)}
        @input=${this.#input}
        @keydown=${this.#key}
      />
      <kbd aria-hidden="true">/</kbd>`;
  }

  #input(event: InputEvent): void {
    this.#set((event.target as HTMLInputElement).value);
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Escape" && this.value !== "") {
      event.preventDefault();
      this.#set("");
    }
  }

  #set(value: string): void {
    this.value = value;
    emit(this, "change");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-search": Search;
  }
}
