/**
 * One question with one line for the answer: a name, a number. What is done with the answer is done while the
 * dialog is open, so that what is wrong with it can be said there.
 */
import { html, LitElement, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { describeFailure } from "../api/failure.ts";
import { base } from "../styles/shared.ts";
import "./button.ts";
import "./dialog.ts";
import type { Dialog } from "./dialog.ts";
import { emit } from "./emit.ts";
import "./field.ts";
import type { Field } from "./field.ts";

export interface Ask {
  heading: string;
  label: string;
  hint?: string;
  /** What the button does: `Create team`. */
  action: string;
  value?: string;
  type?: Field["type"];
  /** What is wrong with an answer; empty: nothing. */
  check?(value: string): string;
  run(value: string): Promise<void>;
}

@customElement("wr-ask")
export class AskDialog extends LitElement {
  static override styles = base;

  @property({ attribute: false }) ask: Ask | null = null;
  @state() private error = "";
  @state() private isBusy = false;
  @query("wr-dialog") private dialog!: Dialog;
  @query("wr-field") private field!: Field;
  @query("form") private form!: HTMLFormElement;

  override render(): TemplateResult {
    const { heading = "", label = "", hint = "", action = "", value = "", type = "text" } = this.ask ?? {};
    return html`<wr-dialog open heading=${heading} ?held=${this.isBusy} @close=${() => emit(this, "close")}>
      <form @submit=${this.#submit}>
        <wr-field
          autofocus
          label=${label}
          type=${type}
          hint=${hint}
          value=${value}
          .error=${this.error}
        ></wr-field>
      </form>
      <wr-button slot="actions" ?disabled=${this.isBusy} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button slot="actions" kind="primary" ?busy=${this.isBusy} @click=${() => this.form.requestSubmit()}
        >${action}</wr-button
      >
    </wr-dialog>`;
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const { ask } = this;
    if (ask === null || this.isBusy) return;
    const value = this.field.value.trim();
    this.error = ask.check?.(value) ?? "";
    if (this.error !== "") return this.field.focus();
    this.isBusy = true;
    try {
      await ask.run(value);
      this.isBusy = false;
      await this.updateComplete;
      this.dialog.close();
    } catch (error) {
      this.isBusy = false;
      this.error = describeFailure(error);
      this.field.focus();
    }
  }
}

export const askValue = (ask: Ask): void => {
  const element = document.createElement("wr-ask");
  element.ask = ask;
  element.addEventListener("close", () => element.remove(), { once: true });
  document.body.append(element);
};

declare global {
  interface HTMLElementTagNameMap {
    "wr-ask": AskDialog;
  }
}
