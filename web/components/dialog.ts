/**
 * A question or a form above the page. The browser's own modal: the rest is inert, Escape closes, and the
 * focus goes back to where it was.
 *
 * @fires close when it has closed, whatever closed it
 * @slot actions the buttons at its end, the main one last
 */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";

import { base } from "../styles/shared.ts";
import "./button.ts";
import { emit } from "./emit.ts";
import "./icon.ts";

@customElement("wr-dialog")
export class Dialog extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: contents;
      }

      dialog {
        width: min(var(--dialog-width, 30rem), calc(100vw - 2 * var(--s4)));
        max-height: calc(100dvh - 2 * var(--s5));
        padding: 0;
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--raised);
        box-shadow: var(--shadow-high);
        color: var(--ink);
        overflow: hidden;
      }

      dialog[open] {
        display: flex;
        flex-direction: column;
        animation: rise var(--slow) var(--ease);
      }

      dialog::backdrop {
        background: light-dark(#1a1c1f66, #000000a6);
        animation: fade var(--slow);
      }

      .top {
        display: flex;
        gap: var(--s3);
        align-items: start;
        justify-content: space-between;
        padding: var(--s5) var(--s5) 0;
      }

      h2 {
        font-size: 1.125rem;
        font-weight: 600;
        line-height: 1.35;
        letter-spacing: -0.01em;
        overflow-wrap: anywhere;
      }

      .close {
        margin: -0.375rem -0.5rem 0 0;
      }

      .body {
        padding: var(--s4) var(--s5);
        overflow-y: auto;
      }

      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        justify-content: end;
        padding: var(--s3) var(--s5) var(--s5);
      }

      @keyframes rise {
        from {
          opacity: 0;
          transform: translateY(0.5rem) scale(0.985);
        }
      }

      @keyframes fade {
        from {
          opacity: 0;
        }
      }
    `,
  ];

  @property() heading = "";
  @property({ type: Boolean, reflect: true }) open = false;
  /** Cannot be closed now: what it does is under way. */
  @property({ type: Boolean }) held = false;
  /** A press beside it does not close it: what it shows is not shown again. */
  @property({ type: Boolean }) firm = false;

  @query("dialog") private dialog!: HTMLDialogElement;
  #opener: HTMLElement | null = null;

  override render(): TemplateResult {
    return html`<dialog
      aria-labelledby="heading"
      @close=${this.#closed}
      @cancel=${this.#cancel}
      @click=${this.#outside}
    >
      <div class="top">
        <h2 id="heading">${this.heading}</h2>
        <wr-button class="close" kind="quiet" small label="Close" ?disabled=${this.held} @click=${this.close}>
          <wr-icon name="close"></wr-icon>
        </wr-button>
      </div>
      <div class="body"><slot></slot></div>
      <div class="actions"><slot name="actions"></slot></div>
    </dialog>`;
  }

  override updated(changed: Map<string, unknown>): void {
    if (!changed.has("open")) return;
    if (this.open && !this.dialog.open) {
      this.#opener = deepestActive();
      this.dialog.showModal();
      this.#focusFirst();
    } else if (!this.open && this.dialog.open) this.dialog.close();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    if (this.dialog?.open) this.dialog.close();
    this.#giveBackFocus();
  }

  close(): void {
    if (!this.held) this.dialog.close();
  }

  /** What is marked `autofocus` in the content, which the browser does not look for in there. */
  #focusFirst(): void {
    const marked = this.querySelector<HTMLElement>("[autofocus]");
    if (marked) requestAnimationFrame(() => marked.focus());
  }

  #closed(): void {
    this.open = false;
    this.#giveBackFocus();
    emit(this, "close");
  }

  /**
   * The browser does not find its way back into shadow roots everywhere. It tells late that it closed: who has gone
   * elsewhere meanwhile, as by the key that leads to the search, stays there.
   */
  #giveBackFocus(): void {
    if (deepestActive() === null || this.matches(":focus-within")) this.#opener?.focus();
    this.#opener = null;
  }

  #cancel(event: Event): void {
    if (this.held) event.preventDefault();
  }

  /** A press on the backdrop is one on the dialog itself, outside its box. */
  #outside(event: MouseEvent): void {
    if (this.firm || event.target !== this.dialog || event.detail === 0) return;
    const { left, right, top, bottom } = this.dialog.getBoundingClientRect();
    const { clientX: x, clientY: y } = event;
    if (x < left || x > right || y < top || y > bottom) this.close();
  }
}

/** The element with the focus, however deep in shadow roots. */
const deepestActive = (): HTMLElement | null => {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active instanceof HTMLElement && active !== document.body ? active : null;
};

declare global {
  interface HTMLElementTagNameMap {
    "wr-dialog": Dialog;
  }
}
