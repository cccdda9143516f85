/**
 * One shell of a sandbox on a screen, with what is to be said when it is not there.
 *
 * @fires again when another shell is wanted in its place
 * @fires leave when the keyboard is to go elsewhere
 */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import "../../components/button.ts";
import { emit } from "../../components/emit.ts";
import "../../components/terminal.ts";
import type { Terminal } from "../../components/terminal.ts";
import { type LinkState, ShellLink } from "../../state/shell-link.ts";
import type { Shell } from "../../state/shells.ts";
import type { Unsubscribe } from "../../state/store.ts";
import { showToast } from "../../state/toasts.ts";
import { base } from "../../styles/shared.ts";

@customElement("wr-shell-screen")
export class ShellScreen extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        grid-template-rows: minmax(0, 1fr) auto;
        height: 100%;
      }

      .word {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s3);
        align-items: center;
        padding: var(--s2) var(--s3);
        border-top: 1px solid var(--line);
        background: var(--raised);
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      .bad {
        background: var(--bad-soft);
        color: var(--ink);
      }
    `,
  ];

  @property() sandboxId = "";
  @property({ attribute: false }) shell: Shell | null = null;
  /** It was opened just now: there is nothing to look for. */
  @property({ type: Boolean }) fresh = false;
  /** The sandbox runs; else nothing is tried. */
  @property({ type: Boolean }) running = false;

  @state() private link: LinkState = { kind: "off" };
  @query("wr-terminal") private terminal!: Terminal;
  #link: ShellLink | null = null;
  #unsubscribe: Unsubscribe | null = null;

  override render(): TemplateResult | typeof nothing {
    const { shell } = this;
    if (shell === null) return nothing;
    return html`<wr-terminal
        label="Shell ${shell.number}"
        ?deaf=${this.link.kind !== "live"}
        @type=${(event: CustomEvent<string>) => this.#type(event.detail)}
        @bytes=${(event: CustomEvent<Uint8Array>) => void this.#link?.send(event.detail)}
        @fit=${() => this.#link?.fit()}
        @leave=${() => emit(this, "leave")}
      ></wr-terminal>
      ${this.#renderWord()}`;
  }

  override updated(changed: PropertyValues<this>): void {
    const { shell } = this;
    if (shell === null) return;
    if (this.#link === null) {
      this.#link = new ShellLink(this.sandboxId, shell.tag, this.terminal, !this.fresh);
      this.#unsubscribe = this.#link.state.subscribe((value) => {
        this.link = value;
      });
    }
    if (!changed.has("running")) return;
    if (this.running) void this.terminal.updateComplete.then(() => this.#link?.open());
    else this.#link.close();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#unsubscribe?.();
    this.#link?.close();
    this.#link = null;
  }

  override focus(): void {
    this.terminal.focus();
  }

  /** Ends it. */
  kill(): void {
    this.#link?.kill();
  }

  #renderWord(): TemplateResult {
    const { link } = this;
    const again = html`<wr-button small @click=${() => emit(this, "again")}>New shell</wr-button>`;
    switch (link.kind) {
      case "connecting":
        return html`<div class="word" role="status">Connecting…</div>`;
      case "lost":
        return html`<div class="word" role="status">${link.why} Connecting again…</div>`;
      case "refused":
        return html`<div class="word bad" role="alert">${link.why} ${again}</div>`;
      case "ended":
        return html`<div class="word" role="status">
          ${link.exitCode === null ? "This shell is not there any more." : `The shell ended with exit code ${link.exitCode}.`}
          ${again}
        </div>`;
      default:
        return html`<div role="status"></div>`;
    }
  }

  #type(text: string): void {
    if (this.#link?.type(text) === false && this.link.kind === "live") {
      showToast("The program does not read what is typed; that much more is not sent.", { kind: "failed" });
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-shell-screen": ShellScreen;
  }
}
