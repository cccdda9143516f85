/**
 * Asks before something ends, and says what exactly. `await askConfirm({…})` is true when the person wants it.
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import "./button.ts";
import "./dialog.ts";
import type { Dialog } from "./dialog.ts";
import { emit } from "./emit.ts";
import "./field.ts";

export interface Question {
  heading: string;
  text: string;
  /** What ends, one line each. */
  ends?: readonly string[];
  /** What the button does: `Delete sandbox`. */
  action: string;
  /** It ends nothing: the button does not warn. */
  mild?: boolean;
  /** To be typed first, for what cannot be undone and is large. */
  typed?: string;
}

@customElement("wr-confirm")
export class Confirm extends LitElement {
  static override styles = [
    base,
    css`
      .content {
        display: grid;
        gap: var(--s4);
        color: var(--ink-soft);
        overflow-wrap: anywhere;
      }

      ul {
        max-height: 12rem;
        padding: var(--s3) var(--s4);
        border-radius: var(--radius);
        background: var(--bad-soft);
        color: var(--ink);
        overflow-y: auto;
      }

      ul.mild {
        background: var(--sunken);
      }

      li + li {
        margin-top: var(--s1);
      }
    `,
  ];

  @property({ attribute: false }) question: Question = { heading: "", text: "", action: "" };
  @state() private typed = "";
  @query("wr-dialog") private dialog!: Dialog;
  #agreed = false;

  override render(): TemplateResult {
    const { heading, text, ends = [], action, mild = false, typed } = this.question;
    const isReady = typed === undefined || this.typed === typed;
    return html`<wr-dialog open heading=${heading} @close=${() => emit(this, "answer", this.#agreed)}>
      <form class="content" @submit=${this.#submit}>
        <p>${text}</p>
        ${
          ends.length === 0
            ? nothing
            : html`<ul class=${mild ? "mild" : ""}>
                ${ends.map((line) => html`<li>${line}</li>`)}
              </ul>`
        }
        ${
          typed === undefined
            ? nothing
            : html`<wr-field
                autofocus
                label="Type ${typed} to go on"
                .value=${this.typed}
                @input=${(event: InputEvent) => {
                  this.typed = (event.currentTarget as HTMLInputElement).value;
                }}
              ></wr-field>`
        }
      </form>
      <wr-button slot="actions" ?autofocus=${typed === undefined} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button
        slot="actions"
        kind=${mild ? "primary" : "danger"}
        ?disabled=${!isReady}
        @click=${this.#agree}
        >${action}</wr-button
      >
    </wr-dialog>`;
  }

  #submit(event: Event): void {
    event.preventDefault();
    if (this.typed === this.question.typed) this.#agree();
  }

  #agree(): void {
    this.#agreed = true;
    this.dialog.close();
  }
}

export const askConfirm = (question: Question): Promise<boolean> =>
  new Promise((resolve) => {
    const element = document.createElement("wr-confirm");
    element.question = question;
    element.addEventListener(
      "answer",
      (event) => {
        element.remove();
        resolve((event as CustomEvent<boolean>).detail);
      },
      { once: true },
    );
    document.body.append(element);
  });

declare global {
  interface HTMLElementTagNameMap {
    "wr-confirm": Confirm;
  }
}
