/**
 * Something to take along: a press copies it, and a check is drawn. As a field it shows the whole text; with
 * `chip` it is as small as a word, for ids.
 */
import { css, html, LitElement, svg, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { showToast } from "../state/toasts.ts";
import { base } from "../styles/shared.ts";
import { copyText } from "./clipboard.ts";
import { ICONS } from "./icons.ts";

/** How long the check stays. */
const SHOWN_MS = 1_600;

@customElement("wr-copy")
export class Copy extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    css`
      :host {
        display: block;
        min-width: 0;
      }

      /* The text stands where it would without the button around it. */
      :host([chip]) {
        display: inline-block;
        max-width: calc(100% + 0.375rem);
        margin-inline-start: -0.375rem;
      }

      button {
        display: flex;
        gap: var(--s3);
        align-items: start;
        justify-content: space-between;
        width: 100%;
        padding: 0.625rem 0.75rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--sunken);
        font-family: var(--mono);
        font-size: var(--text-sm);
        line-height: 1.5;
        text-align: start;
        cursor: copy;
        transition: border-color var(--fast);
      }

      button:hover {
        border-color: var(--line-strong);
      }

      .text {
        min-width: 0;
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }

      :host([chip]) button {
        display: inline-flex;
        gap: var(--s1);
        align-items: center;
        width: auto;
        max-width: 100%;
        padding: 0.0625rem 0.375rem;
        border-color: transparent;
        background: transparent;
        color: inherit;
        font-size: 0.93em;
      }

      :host([chip]) button:hover {
        background: var(--sunken);
      }

      :host([chip]) .text {
        white-space: nowrap;
        overflow: hidden;
        text-overflow: ellipsis;
      }

      :host([bare]) .text {
        display: none;
      }

      :host([bare]) {
        margin: 0;
      }

      :host([bare]) button {
        padding: 0.1875rem;
      }

      svg {
        flex: none;
        width: 1.05rem;
        height: 1.05rem;
        margin-top: 0.1rem;
        fill: none;
        stroke: var(--ink-faint);
        stroke-width: 1.7;
        stroke-linecap: round;
        stroke-linejoin: round;
      }

      :host([chip]) svg {
        width: 0.9rem;
        height: 0.9rem;
        margin: 0;
      }

      /* In a sentence there is no room for a mark that is seen on hover alone. */
      :host([chip]) svg:not(.copied) {
        display: var(--copy-mark, block);
      }

      :host([chip]) button:not(:hover, :focus-visible) svg:not(.copied) {
        opacity: 0;
      }

      .copied {
        stroke: var(--good);
        stroke-width: 2.2;
        stroke-dasharray: 22;
        animation: draw var(--slow) var(--ease) both;
      }

      @keyframes draw {
        from {
          stroke-dashoffset: 22;
        }
      }

      @media (hover: none) {
        :host([chip]) button svg:not(.copied) {
          opacity: 1 !important;
        }
      }
    `,
  ];

  /** What is copied. */
  @property() value = "";
  /** What is shown instead, where the whole is too long. */
  @property() text = "";
  /** What it is, for those who do not see it: `API key`. */
  @property() label = "";
  @property({ type: Boolean, reflect: true }) chip = false;
  /** A chip of the drawing alone: the text stands beside it. */
  @property({ type: Boolean, reflect: true }) bare = false;

  @state() private isCopied = false;
  #timer: Timer | undefined;

  override render(): TemplateResult {
    const drawing = this.isCopied ? svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>` : ICONS.copy;
    return html`<button
        type="button"
        title=${this.value}
        aria-label="Copy ${this.label}: ${this.text || this.value}"
        @click=${this.#copy}
      >
        <span class="text">${this.text || this.value}</span>
        <svg class=${this.isCopied ? "copied" : ""} viewBox="0 0 24 24" aria-hidden="true">${drawing}</svg>
      </button>
      <span class="visually-hidden" role="status">${this.isCopied ? "Copied" : ""}</span>`;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  async #copy(event: Event): Promise<void> {
    // Inside a row that can be pressed as well.
    event.stopPropagation();
    if (!(await copyText(this.value))) {
      return showToast("The browser did not let go of the clipboard: select the text and copy it.", {
        kind: "failed",
      });
    }
    this.isCopied = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.isCopied = false;
    }, SHOWN_MS);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-copy": Copy;
  }
}
