/** A button, or with `href` a link that looks like one. With `reason` it stays reachable and says why it does nothing. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";

import { base } from "../styles/shared.ts";
import { buttonStyles } from "./button-styles.ts";

@customElement("wr-button")
export class Button extends LitElement {
  static formAssociated = true;
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    buttonStyles,
    css`
      :host {
        display: inline-block;
        position: relative;
      }

      .reason {
        position: absolute;
        inset: calc(100% + var(--s2)) 0 auto auto;
        z-index: 5;
        width: max-content;
        max-width: min(18rem, 80vw);
        padding: var(--s2) var(--s3);
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--raised);
        box-shadow: var(--shadow-high);
        color: var(--ink);
        font-size: var(--text-sm);
        text-align: start;
        opacity: 0;
        visibility: hidden;
        transition: opacity var(--fast);
      }

      :host(:hover) .reason,
      :host(:focus-within) .reason {
        opacity: 1;
        visibility: visible;
      }
    `,
  ];

  @property() kind: "primary" | "plain" | "quiet" | "danger" = "plain";
  @property({ type: Boolean }) small = false;
  @property({ type: Boolean }) disabled = false;
  /** Works on it: pressed again it does nothing. */
  @property({ type: Boolean }) busy = false;
  @property() type: "button" | "submit" = "button";
  @property() href = "";
  /** Its name, where it shows a drawing alone. */
  @property() label = "";
  /** Why it cannot be used now; empty: it can. */
  @property() reason = "";

  readonly #internals = this.attachInternals();

  constructor() {
    super();
    // In the capture phase: before the listeners of whoever uses it.
    this.addEventListener("click", (event) => this.#guard(event), { capture: true });
  }

  override render(): TemplateResult {
    const classes = `button ${this.kind}${this.small ? " small" : ""}`;
    if (this.href !== "" && this.reason === "") {
      return html`<a class=${classes} href=${this.href} aria-label=${this.label || nothing}
        ><slot></slot
      ></a>`;
    }
    return html`<button
        class=${classes}
        type="button"
        ?disabled=${this.disabled}
        aria-disabled=${ifDefined(this.busy || this.reason !== "" ? "true" : undefined)}
        aria-busy=${ifDefined(this.busy ? "true" : undefined)}
        aria-label=${this.label || nothing}
        aria-describedby=${this.reason === "" ? nothing : "reason"}
      >
        ${this.busy ? html`<span class="spinner"></span>` : nothing}<slot></slot>
      </button>
      ${this.reason === "" ? nothing : html`<span class="reason" id="reason" role="tooltip">${this.reason}</span>`}`;
  }

  #guard(event: MouseEvent): void {
    if (this.disabled || this.busy || this.reason !== "") {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (this.type === "submit") this.#internals.form?.requestSubmit();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-button": Button;
  }
}
