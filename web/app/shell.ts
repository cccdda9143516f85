/** What stays while pages change: the sidebar (behind a button on narrow screens), the page, the shortcuts. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import "../components/button.ts";
import "../components/icon.ts";
import { place } from "../router.ts";
import type { Route } from "../routes.ts";
import { isSidebarCollapsed } from "../state/preferences.ts";
import { Watch } from "../state/watch.ts";
import { base } from "../styles/shared.ts";
import "./mark.ts";
import "./page-frame.ts";
import type { PageFrame } from "./page-frame.ts";
import "./sidebar.ts";

@customElement("wr-shell")
export class Shell extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        min-height: 100dvh;
      }

      nav {
        position: absolute;
      }

      .skip {
        position: fixed;
        inset: var(--s2) auto auto var(--s2);
        z-index: 30;
        padding: var(--s2) var(--s4);
        border-radius: var(--radius);
        background: var(--accent);
        color: var(--on-accent);
      }

      .skip:not(:focus) {
        clip-path: inset(50%);
      }

      .side {
        position: sticky;
        top: 0;
        width: 15.5rem;
        height: 100dvh;
        border-inline-end: 1px solid var(--line);
        background: var(--surface);
        transition: width var(--slow) var(--ease);
      }

      .side.collapsed {
        width: 4rem;
      }

      .top {
        display: none;
      }

      main {
        width: 100%;
        max-width: 84rem;
        margin: 0 auto;
        padding: var(--s6) var(--s6) var(--s8);
      }

      main:focus {
        outline: none;
      }

      dialog {
        width: min(18rem, 85vw);
        max-width: none;
        height: 100dvh;
        max-height: none;
        margin: 0;
        padding: 0;
        border: 0;
        border-inline-end: 1px solid var(--line);
        background: var(--surface);
        color: inherit;
      }

      dialog[open] {
        animation: slide var(--slow) var(--ease);
      }

      dialog::backdrop {
        background: light-dark(#1a1c1f66, #000000a6);
      }

      @keyframes slide {
        from {
          translate: -100%;
        }
      }

      @media (max-width: 60rem) {
        :host {
          grid-template-columns: minmax(0, 1fr);
          grid-template-rows: auto 1fr;
        }

        .side {
          display: none;
        }

        .top {
          position: sticky;
          top: 0;
          z-index: 4;
          display: flex;
          gap: var(--s3);
          align-items: center;
          padding: var(--s2) var(--s3);
          border-bottom: 1px solid var(--line);
          background: var(--surface);
        }

        .top b {
          font-weight: 600;
          letter-spacing: -0.01em;
        }

        main {
          padding: var(--s5) var(--s4) var(--s7);
        }
      }
    `,
  ];

  @property({ attribute: false }) route: Route | null = null;
  @property({ attribute: false }) params: Record<string, string> = {};

  @state() private isPaletteWanted = false;
  @query("wr-page-frame") private frame!: PageFrame;
  @query("main") private main!: HTMLElement;
  @query("dialog") private drawer!: HTMLDialogElement;
  readonly #collapsed = new Watch(this, isSidebarCollapsed);
  #unfollow: (() => void) | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("keydown", this.#shortcut);
    this.#unfollow = place.subscribe(() => this.drawer?.close());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("keydown", this.#shortcut);
    this.#unfollow?.();
  }

  override render(): TemplateResult {
    const area = this.route?.area === "admin" ? "admin" : "dashboard";
    const isCollapsed = this.#collapsed.value;
    return html`<nav aria-label="Shortcut">
        <a class="skip" href="#main" @click=${this.#skip}>Skip to the page</a>
      </nav>
      <header class="top">
        <wr-button kind="quiet" label="Open the menu" @click=${() => this.drawer.showModal()}>
          <wr-icon name="list"></wr-icon>
        </wr-button>
        <wr-mark></wr-mark><b>Wrenn</b>
      </header>
      <div class="side ${isCollapsed ? "collapsed" : ""}">
        <wr-sidebar area=${area} ?collapsed=${isCollapsed} can-collapse></wr-sidebar>
      </div>
      <dialog aria-label="Menu" @click=${this.#closeOutside}>
        <wr-sidebar area=${area} @navigate=${() => this.drawer.close()}></wr-sidebar>
      </dialog>
      <main id="main" tabindex="-1">
        <wr-page-frame .route=${this.route} .params=${this.params}></wr-page-frame>
      </main>
      ${
        this.isPaletteWanted
          ? html`<wr-palette
              @close=${() => {
                this.isPaletteWanted = false;
              }}
            ></wr-palette>`
          : nothing
      }`;
  }

  #skip(event: Event): void {
    event.preventDefault();
    event.stopPropagation();
    this.main.focus();
  }

  #closeOutside(event: MouseEvent): void {
    if (event.target === this.drawer) this.drawer.close();
  }

  readonly #shortcut = (event: KeyboardEvent): void => {
    if (
      event.key.toLowerCase() === "k" &&
      (event.ctrlKey || event.metaKey) &&
      !event.shiftKey &&
      !event.altKey
    ) {
      event.preventDefault();
      void import("./palette.ts").then(() => {
        this.isPaletteWanted = true;
      });
    } else if (event.key === "/" && !isTyping(event)) {
      const search = this.frame.renderRoot
        .querySelector("*")
        ?.shadowRoot?.querySelector<HTMLElement>("[data-search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
    }
  };
}

/** In a field, a key is a letter. */
const isTyping = (event: KeyboardEvent): boolean => {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const [target] = event.composedPath();
  return (
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLElement && target.isContentEditable)
  );
};

declare global {
  interface HTMLElementTagNameMap {
    "wr-shell": Shell;
  }
}
