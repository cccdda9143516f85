/**
 * Makes an API key, then shows it: this once.
 *
 * @fires close
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/check.ts";
import "../../components/copy.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import "../../components/drawn-check.ts";
import { emit } from "../../components/emit.ts";
import "../../components/field.ts";
import type { Field } from "../../components/field.ts";
import "../../components/select.ts";
import { createKey, type NewApiKey, type Scope } from "../../state/keys.ts";
import { form } from "../../styles/form.ts";
import { base } from "../../styles/shared.ts";
import { ALL_SCOPES, EXPIRIES, expiryAfter, SCOPES } from "./scopes.ts";

@customElement("wr-create-key")
export class CreateKey extends LitElement {
  static override styles = [
    base,
    form,
    css`
      .made {
        display: grid;
        gap: var(--s4);
      }

      fieldset {
        margin: 0;
        padding: 0;
        border: 0;
      }

      legend {
        margin-bottom: 0.25rem;
        padding: 0;
        font-size: var(--text-sm);
        font-weight: 500;
      }

      wr-check + wr-check {
        margin-top: var(--s2);
      }

      .once {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--s3);
        align-items: center;
      }

      .soft {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }
    `,
  ];

  @state() private made: NewApiKey | null = null;
  @state() private scopes: ReadonlySet<Scope> = new Set(ALL_SCOPES);
  @state() private days = "";
  @state() private isBusy = false;
  @state() private nameError = "";
  @state() private failure = "";
  @query("wr-dialog") private dialog!: Dialog;
  @query("wr-field") private nameField!: Field;
  @query("form") private form!: HTMLFormElement;

  override render(): TemplateResult {
    const { made } = this;
    return html`<wr-dialog
      open
      heading=${made === null ? "Create an API key" : "Copy the key now"}
      ?held=${this.isBusy}
      ?firm=${made !== null}
      @close=${() => emit(this, "close")}
    >
      ${made === null ? this.#renderForm() : this.#renderMade(made)}
    </wr-dialog>`;
  }

  override updated(changed: Map<string, unknown>): void {
    if (changed.has("made") && this.made !== null) void this.#focusKey();
  }

  /** What pressed the button has gone; the next thing to do is to copy. */
  async #focusKey(): Promise<void> {
    const copy = this.renderRoot.querySelector("wr-copy");
    await copy?.updateComplete;
    copy?.focus();
  }

  #renderForm(): TemplateResult {
    return html`<form @submit=${this.#submit}>
        <wr-field
          autofocus
          label="Name"
          placeholder="CI of the website"
          hint="What it is for, so that you know it again."
          maxlength="100"
          .error=${this.nameError}
        ></wr-field>
        <wr-select
          label="Expires"
          value=${this.days}
          .choices=${EXPIRIES}
          @change=${(event: Event) => {
            this.days = (event.currentTarget as HTMLElementTagNameMap["wr-select"]).value;
          }}
        ></wr-select>
        <fieldset>
          <legend>What it may do</legend>
          ${SCOPES.map(
            ({ scope, label, hint }) =>
              html`<wr-check
                label=${label}
                hint=${hint}
                ?checked=${this.scopes.has(scope)}
                @change=${() => this.#toggle(scope)}
              ></wr-check>`,
          )}
        </fieldset>
        ${this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`}
      </form>
      <wr-button slot="actions" ?disabled=${this.isBusy} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button slot="actions" kind="primary" ?busy=${this.isBusy} @click=${() => this.form.requestSubmit()}
        >Create key</wr-button
      >`;
  }

  #renderMade({ name, key }: NewApiKey): TemplateResult {
    return html`<div class="made">
        <div class="once" role="status">
          <wr-drawn-check></wr-drawn-check>
          <p>
            <b>${name}</b> is made. This is the only time the key is shown: nobody can look it up later, not
            even the server.
          </p>
        </div>
        <wr-copy label="API key" value=${key}></wr-copy>
        <p class="soft">
          Programs send it as <code>X-API-Key</code>, or take it from <code>E2B_API_KEY</code>. Lost it?
          Revoke it and create another.
        </p>
      </div>
      <wr-button slot="actions" kind="primary" @click=${() => this.dialog.close()}
        >I have copied it</wr-button
      >`;
  }

  #toggle(scope: Scope): void {
    const scopes = new Set(this.scopes);
    if (!scopes.delete(scope)) scopes.add(scope);
    this.scopes = scopes;
    this.failure = "";
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const name = this.nameField.value.trim();
    this.nameError = name === "" ? "Give the key a name." : "";
    this.failure = this.scopes.size === 0 ? "Choose at least one thing that the key may do." : "";
    if (this.nameError !== "") return this.nameField.focus();
    if (this.failure !== "") return;
    this.isBusy = true;
    try {
      const scopes = ALL_SCOPES.filter((scope) => this.scopes.has(scope));
      const made = await createKey({ name, scopes, expires_at: expiryAfter(this.days, Date.now()) });
      this.made = made;
    } catch (error) {
      const isName = error instanceof ApiFailure && error.field === "name";
      this[isName ? "nameError" : "failure"] = describeFailure(error);
    } finally {
      this.isBusy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-create-key": CreateKey;
  }
}
