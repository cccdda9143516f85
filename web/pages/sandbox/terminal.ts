/** Shells in a sandbox, each on a tab of its own. They go on while nobody looks, and are found again. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import "../../components/button.ts";
import { askConfirm } from "../../components/confirm.ts";
import "../../components/icon.ts";
import "../../components/tabs.ts";
import type { Tabs } from "../../components/tabs.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { addShell, MOST_SHELLS, removeShell, type Shell, shells, shellsOf } from "../../state/shells.ts";
import { Watch } from "../../state/watch.ts";
import { base } from "../../styles/shared.ts";
import { renderAtRest } from "./at-rest.ts";
import "./shell.ts";
import type { ShellScreen } from "./shell.ts";

@customElement("wr-sandbox-terminal")
export class SandboxTerminal extends LitElement {
  static override styles = [
    base,
    css`
      .frame {
        display: grid;
        grid-template-rows: auto minmax(0, 1fr);
        height: max(20rem, calc(100dvh - 17rem));
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: light-dark(#fbfaf8, #0c0e10);
        overflow: hidden;
      }

      .strip {
        display: flex;
        gap: var(--s2);
        align-items: center;
        padding-inline: var(--s2);
        border-bottom: 1px solid var(--line);
        background: var(--surface);
      }

      .strip wr-tabs {
        min-width: 0;
        margin-bottom: -1px;
      }

      .strip .end {
        margin-inline-start: auto;
      }

      .screens {
        min-height: 0;
      }

      .screen {
        height: 100%;
        padding: var(--s2) 0 0 var(--s3);
      }

      .hint {
        margin-top: var(--s2);
        color: var(--ink-faint);
        font-size: var(--text-xs);
      }

      kbd {
        font-family: var(--mono);
      }
    `,
  ];

  @property({ attribute: false }) sandbox: Sandbox | null = null;

  @state() private chosen = "";
  @query("wr-tabs") private tabs!: Tabs;
  readonly #shells = new Watch(this, shells);
  /** Tags of those that were opened here, and were not there before. */
  readonly #fresh = new Set<string>();
  #hasOpened = false;
  /** The keyboard was here before all that could have it went out of sight. */
  #hadFocus = false;

  override willUpdate(changed: PropertyValues<this>): void {
    const { sandbox } = this;
    if (sandbox === null) return;
    if (changed.has("sandbox") && this.shadowRoot?.activeElement) this.#hadFocus = true;
    // The first look opens the first shell; who closes the last one wants none.
    if (sandbox.status === "running" && !this.#hasOpened) {
      this.#hasOpened = true;
      if (this.#all.length === 0) this.#open();
    }
    const all = this.#all;
    if (!all.some(({ tag }) => tag === this.chosen)) this.chosen = all.at(-1)?.tag ?? "";
  }

  override updated(changed: PropertyValues<this>): void {
    if (!changed.has("sandbox") || this.sandbox?.status !== "running") return;
    const goesOn = this.#hadFocus && changed.get("sandbox")?.status !== "running";
    this.#hadFocus = false;
    // Who has gone elsewhere meanwhile is left there.
    if (goesOn && document.activeElement === document.body) this.#show(this.chosen);
  }

  override render(): TemplateResult | typeof nothing {
    const { sandbox } = this;
    if (sandbox === null) return nothing;
    const isRunning = sandbox.status === "running";
    const all = this.#all;
    // Screens stay while it is paused: what they show is still true when it goes on.
    return html`${isRunning ? nothing : renderAtRest(sandbox, "Its shells")}
      <div class="frame" ?hidden=${!isRunning}>
        ${this.#renderStrip(all)}
        <div class="screens">
          ${repeat(
            all,
            ({ tag }) => tag,
            (shell) => this.#renderScreen(shell, isRunning),
          )}
        </div>
      </div>
      ${isRunning && all.length > 0 ? html`<p class="hint"><kbd>F6</kbd> leads from the shell back to the page. Shells go on for ten minutes after you leave.</p>` : nothing}`;
  }

  #renderStrip(all: readonly Shell[]): TemplateResult {
    const isFull = all.length >= MOST_SHELLS;
    return html`<div class="strip">
      ${
        all.length === 0
          ? nothing
          : html`<wr-tabs
              label="Shells"
              .tabs=${all.map(({ tag, number }) => ({ value: tag, label: `Shell ${number}` }))}
              chosen=${this.chosen}
              @change=${(event: Event) => this.#show((event.currentTarget as Tabs).chosen)}
            ></wr-tabs>`
      }
      <wr-button
        small
        kind="quiet"
        label="New shell"
        reason=${isFull ? `${MOST_SHELLS} shells at once are the most.` : ""}
        @click=${() => this.#open()}
        ><wr-icon name="plus"></wr-icon
      ></wr-button>
      ${
        all.length === 0
          ? nothing
          : html`<wr-button
              class="end"
              small
              kind="quiet"
              label="Close this shell"
              @click=${() => void this.#end()}
              ><wr-icon name="close"></wr-icon
            ></wr-button>`
      }
    </div>`;
  }

  #renderScreen(shell: Shell, isRunning: boolean): TemplateResult {
    const { tag, number } = shell;
    return html`<div
      class="screen"
      role="tabpanel"
      aria-label="Shell ${number}"
      ?hidden=${tag !== this.chosen}
    >
      <wr-shell-screen
        data-tag=${tag}
        sandboxId=${this.sandbox?.id ?? ""}
        .shell=${shell}
        ?fresh=${this.#fresh.has(tag)}
        ?running=${isRunning}
        @again=${() => this.#replace(tag)}
        @leave=${() => this.#leave()}
      ></wr-shell-screen>
    </div>`;
  }

  get #all(): readonly Shell[] {
    return this.#shells.value[this.sandbox?.id ?? ""] ?? [];
  }

  #screenOf(tag: string): ShellScreen | null {
    return this.renderRoot.querySelector<ShellScreen>(`wr-shell-screen[data-tag="${tag}"]`);
  }

  #open(): void {
    const { sandbox } = this;
    if (sandbox === null || shellsOf(sandbox.id).length >= MOST_SHELLS) return;
    const { tag } = addShell(sandbox.id);
    this.#fresh.add(tag);
    this.#show(tag);
  }

  #show(tag: string): void {
    this.chosen = tag;
    void this.updateComplete.then(async () => {
      const screen = this.#screenOf(tag);
      await screen?.updateComplete;
      screen?.focus();
    });
  }

  #replace(tag: string): void {
    if (this.sandbox) removeShell(this.sandbox.id, tag);
    this.#open();
  }

  async #end(): Promise<void> {
    const { sandbox, chosen } = this;
    const shell = this.#all.find(({ tag }) => tag === chosen);
    if (sandbox === null || shell === undefined) return;
    const agreed = await askConfirm({
      heading: `Close shell ${shell.number}?`,
      text: "The shell is ended, with whatever runs in it.",
      action: "Close shell",
    });
    if (!agreed) return;
    this.#screenOf(chosen)?.kill();
    removeShell(sandbox.id, chosen);
  }

  #leave(): void {
    this.tabs.focus();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-terminal": SandboxTerminal;
  }
}
