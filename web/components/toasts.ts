/** Shows the short messages. They are read out, and stay above everything else. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import { dismissToast, type Toast, toasts } from "../state/toasts.ts";
import { Watch } from "../state/watch.ts";
import { base } from "../styles/shared.ts";
import "./button.ts";
import "./icon.ts";

@customElement("wr-toasts")
export class Toasts extends LitElement {
  static override styles = [
    base,
    css`
      .stack {
        position: fixed;
        inset: auto var(--s4) var(--s4) auto;
        z-index: 20;
        display: grid;
        gap: var(--s2);
        justify-items: end;
        width: min(24rem, calc(100vw - 2 * var(--s4)));
        margin: 0;
        padding: 0;
        border: 0;
        background: transparent;
        color: var(--ink);
        overflow: visible;
        pointer-events: none;
      }

      .toast {
        display: flex;
        gap: var(--s3);
        align-items: start;
        padding: var(--s3) var(--s2) var(--s3) var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--raised);
        box-shadow: var(--shadow-high);
        animation: arrive var(--slow) var(--ease);
        pointer-events: auto;
      }

      .mark {
        margin-top: 0.1rem;
        color: var(--good);
      }

      .failed .mark {
        color: var(--bad);
      }

      .hint .mark {
        color: var(--accent);
      }

      p {
        flex: 1;
        min-width: 0;
        padding-top: 0.1rem;
        overflow-wrap: anywhere;
      }

      wr-button {
        margin: -0.25rem 0;
      }

      @keyframes arrive {
        from {
          opacity: 0;
          transform: translateY(0.75rem);
        }
      }
    `,
  ];

  readonly #toasts = new Watch(this, toasts);

  override render(): TemplateResult {
    return html`<div class="stack" popover="manual" role="region" aria-label="Messages">
      <div aria-live="polite">
        ${repeat(
          this.#toasts.value,
          ({ id }) => id,
          (toast) => this.#renderToast(toast),
        )}
      </div>
    </div>`;
  }

  override updated(): void {
    const stack = this.shadowRoot?.querySelector<HTMLElement>(".stack");
    // Shown anew it comes to lie above a dialog that was opened since.
    if (stack?.matches(":popover-open")) stack.hidePopover();
    if (this.#toasts.value.length > 0) stack?.showPopover();
  }

  #renderToast({ id, text, kind, action }: Toast): TemplateResult {
    return html`<div class="toast ${kind}">
      <wr-icon
        class="mark"
        name=${kind === "failed" ? "alert" : kind === "hint" ? "bell" : "check"}
      ></wr-icon>
      <p>${text}</p>
      ${
        action === null
          ? nothing
          : html`<wr-button
              small
              @click=${() => {
                dismissToast(id);
                action.run();
              }}
              >${action.label}</wr-button
            >`
      }
      <wr-button kind="quiet" small label="Dismiss" @click=${() => dismissToast(id)}>
        <wr-icon name="close"></wr-icon>
      </wr-button>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-toasts": Toasts;
  }
}
