/**
 * A button with a list of things to do. Arrow keys move, typing finds, Enter does, Escape goes back to the
 * button. The button's content is the slot.
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";

import { base } from "../styles/shared.ts";
import { buttonStyles } from "./button-styles.ts";
import "./icon.ts";
import type { IconName } from "./icons.ts";
import { placeAt } from "./popover.ts";

export interface MenuItem {
  label: string;
  icon?: IconName;
  /** Ends something. */
  danger?: boolean;
  /** Why it cannot be chosen now. */
  reason?: string;
  /** Set: one of several, this one holds or not. */
  checked?: boolean;
  run: () => void;
}

/** A line between items. */
export type MenuEntry = MenuItem | "line";

@customElement("wr-menu")
export class Menu extends LitElement {
  static override shadowRootOptions = { ...LitElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    base,
    buttonStyles,
    css`
      :host {
        display: inline-block;
      }

      .list {
        position: fixed;
        inset: auto;
        margin: 0;
        min-width: 11rem;
        max-width: min(20rem, calc(100vw - 1rem));
        padding: var(--s1);
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--raised);
        box-shadow: var(--shadow-high);
        color: var(--ink);
        overflow-y: auto;
      }

      .list:popover-open {
        animation: unfold var(--fast) var(--ease);
      }

      .item {
        display: grid;
        grid-template-columns: auto 1fr auto;
        gap: 0 var(--s3);
        align-items: center;
        width: 100%;
        min-height: var(--control);
        padding: var(--s1) var(--s3);
        border: 0;
        border-radius: var(--radius);
        background: transparent;
        text-align: start;
        overflow-wrap: anywhere;
        cursor: pointer;
      }

      .item wr-icon {
        color: var(--ink-faint);
      }

      .item:hover,
      .item:focus-visible {
        background: var(--hover);
      }

      .item.danger,
      .item.danger wr-icon {
        color: var(--bad);
      }

      .item[aria-disabled="true"] {
        color: var(--ink-faint);
        cursor: not-allowed;
      }

      .text {
        grid-column: 2;
      }

      .reason {
        display: block;
        color: var(--ink-faint);
        font-size: var(--text-xs);
      }

      hr {
        margin: var(--s1) var(--s2);
        border: 0;
        border-top: 1px solid var(--line);
      }

      @keyframes unfold {
        from {
          opacity: 0;
          transform: translateY(-0.25rem);
        }
      }
    `,
  ];

  /** What the button is called. */
  @property() label = "";
  @property() kind: "plain" | "quiet" | "primary" = "quiet";
  @property({ type: Boolean }) small = false;
  @property({ attribute: "align-end", type: Boolean }) alignEnd = false;
  @property({ attribute: false }) entries: readonly MenuEntry[] = [];

  @state() private isOpen = false;
  @query("button") private button!: HTMLButtonElement;
  @query(".list") private list!: HTMLElement;
  #typed = "";
  #typedAt = 0;

  override render(): TemplateResult {
    return html`<button
        class="button ${this.kind} ${this.small ? "small" : ""}"
        type="button"
        aria-haspopup="menu"
        aria-expanded=${this.isOpen}
        aria-label=${this.label || nothing}
        @click=${this.#toggle}
        @keydown=${this.#openByKey}
      >
        <slot></slot>
      </button>
      <div
        class="list"
        popover
        role="menu"
        aria-label=${this.label || "Menu"}
        @toggle=${this.#toggled}
        @keydown=${this.#move}
      >
        ${this.isOpen ? this.entries.map((entry) => (entry === "line" ? html`<hr />` : this.#renderItem(entry))) : nothing}
      </div>`;
  }

  #renderItem(item: MenuItem): TemplateResult {
    const { label, icon, danger = false, reason, checked } = item;
    const shown = checked === true ? "check" : icon;
    return html`<button
      class="item ${danger ? "danger" : ""}"
      type="button"
      role=${checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked=${ifDefined(checked)}
      aria-disabled=${ifDefined(reason === undefined ? undefined : "true")}
      tabindex="-1"
      @click=${() => this.#choose(item)}
    >
      ${shown === undefined ? nothing : html`<wr-icon name=${shown}></wr-icon>`}
      <span class="text"
        >${label}${reason === undefined ? nothing : html`<span class="reason">${reason}</span>`}</span
      >
    </button>`;
  }

  async #open(focus: "first" | "last"): Promise<void> {
    this.isOpen = true;
    await this.updateComplete;
    if (this.#isShown) return;
    this.list.showPopover();
    placeAt(this.list, this.button, { alignEnd: this.alignEnd });
    this.#items.at(focus === "first" ? 0 : -1)?.focus();
  }

  #close(): void {
    this.list.hidePopover();
    this.button.focus();
  }

  #toggle(): void {
    if (this.#isShown) this.#close();
    else void this.#open("first");
  }

  /** The browser closes it by itself when something else is pressed. It tells so late: it may be open again. */
  #toggled(): void {
    if (!this.#isShown) this.isOpen = false;
  }

  get #isShown(): boolean {
    return this.list.matches(":popover-open");
  }

  #openByKey(event: KeyboardEvent): void {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    void this.#open(event.key === "ArrowDown" ? "first" : "last");
  }

  #choose({ reason, run }: MenuItem): void {
    if (reason !== undefined) return;
    this.#close();
    run();
  }

  get #items(): HTMLElement[] {
    return [...this.list.querySelectorAll<HTMLElement>(".item")];
  }

  #move(event: KeyboardEvent): void {
    const items = this.#items;
    const at = items.indexOf(this.shadowRoot?.activeElement as HTMLElement);
    const to: Record<string, number> = {
      ArrowDown: (at + 1) % items.length,
      ArrowUp: (at - 1 + items.length) % items.length,
      Home: 0,
      End: items.length - 1,
    };
    const index = to[event.key] ?? this.#find(event.key, at);
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      // An open dialog around it stays.
      event.stopPropagation();
      this.#close();
    } else if (index !== null) {
      event.preventDefault();
      items[index]?.focus();
    }
  }

  /** The next item that begins with what was typed lately. */
  #find(key: string, from: number): number | null {
    if (key.length !== 1 || key === " ") return null;
    this.#typed = Date.now() - this.#typedAt < 700 ? this.#typed + key : key;
    this.#typedAt = Date.now();
    const texts = this.#items.map((item) => item.textContent.trim().toLowerCase());
    const order = texts
      .keys()
      .map((offset) => (from + offset + (this.#typed.length > 1 ? 0 : 1)) % texts.length);
    return order.find((index) => texts[index]?.startsWith(this.#typed.toLowerCase()) === true) ?? null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-menu": Menu;
  }
}
