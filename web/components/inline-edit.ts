/**
 * A line of text that can be changed where it stands: a press on the pencil makes it a field, Enter keeps the
 * change, Escape forgets it.
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";

import { describeFailure } from "../api/failure.ts";
import { base } from "../styles/shared.ts";
import "./button.ts";
import "./icon.ts";

@customElement("wr-inline-edit")
export class InlineEdit extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        min-width: 0;
        max-width: 100%;
      }

      .line {
        display: flex;
        gap: var(--s2);
        align-items: center;
        min-width: 0;
      }

      .text {
        min-width: 0;
        overflow-wrap: anywhere;
      }

      input {
        width: 100%;
        max-width: 28rem;
        min-width: 0;
        margin: -0.25rem 0 -0.25rem -0.5rem;
        padding: 0.125rem 0.5rem;
        border: 1px solid var(--line-strong);
        border-radius: var(--radius);
        background: var(--surface);
        color: inherit;
        font: inherit;
        letter-spacing: inherit;
      }

      input[aria-invalid="true"] {
        border-color: var(--bad);
      }

      .error {
        margin-top: var(--s2);
        color: var(--bad);
        font-size: var(--text-sm);
        font-weight: 400;
        line-height: 1.5;
        letter-spacing: normal;
      }
    `,
  ];

  /** What it is: `Team name`. */
  @property() label = "";
  @property() value = "";
  /** Why it cannot be changed; empty: it can. */
  @property() reason = "";
  @property({ type: Number }) maxlength = 128;
  /** Keeps the change; what it throws is said below. */
  @property({ attribute: false }) save: (value: string) => Promise<void> = async () => {};

  @state() private isEditing = false;
  @state() private isBusy = false;
  @state() private error = "";
  @query("input") private input!: HTMLInputElement | null;
  @query("wr-button") private pencil!: HTMLElement | null;

  override render(): TemplateResult {
    if (!this.isEditing) {
      return html`<div class="line">
        <span class="text">${this.value}</span>
        <wr-button
          kind="quiet"
          small
          label="Change: ${this.label}"
          reason=${this.reason}
          @click=${() => void this.#edit()}
          ><wr-icon name="pencil"></wr-icon
        ></wr-button>
      </div>`;
    }
    return html`<div class="line">
        <input
          aria-label=${this.label}
          aria-invalid=${ifDefined(this.error === "" ? undefined : "true")}
          aria-describedby=${this.error === "" ? nothing : "error"}
          maxlength=${this.maxlength}
          autocomplete="off"
          spellcheck="false"
          .value=${this.value}
          @keydown=${this.#key}
        />
        <wr-button kind="primary" small label="Save" ?busy=${this.isBusy} @click=${() => void this.#keep()}
          ><wr-icon name="check"></wr-icon
        ></wr-button>
        <wr-button
          kind="quiet"
          small
          label="Cancel"
          ?disabled=${this.isBusy}
          @click=${() => void this.#leave()}
          ><wr-icon name="close"></wr-icon
        ></wr-button>
      </div>
      ${this.error === "" ? nothing : html`<p class="error" id="error" role="alert">${this.error}</p>`}`;
  }

  async #edit(): Promise<void> {
    this.isEditing = true;
    this.error = "";
    await this.updateComplete;
    this.input?.select();
  }

  async #leave(): Promise<void> {
    this.isEditing = false;
    this.error = "";
    await this.updateComplete;
    this.pencil?.focus();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === "Enter" && !event.isComposing) void this.#keep();
    else if (event.key === "Escape") void this.#leave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async #keep(): Promise<void> {
    const value = this.input?.value.trim() ?? "";
    if (this.isBusy) return;
    if (value === this.value) return this.#leave();
    this.isBusy = true;
    try {
      await this.save(value);
      await this.#leave();
    } catch (error) {
      this.error = describeFailure(error);
      this.input?.focus();
    } finally {
      this.isBusy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-inline-edit": InlineEdit;
  }
}
