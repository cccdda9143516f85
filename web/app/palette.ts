/**
 * Everything by its name: places, teams, what the page can do. Opened with Ctrl or ⌘ and K.
 *
 * @fires close
 */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { emit } from "../components/emit.ts";
import "../components/icon.ts";
import { navigate } from "../router.ts";
import { type Command, pageCommands } from "../state/commands.ts";
import { theme } from "../state/preferences.ts";
import { session } from "../state/session.ts";
import { currentTeam, teams } from "../state/teams.ts";
import { showFailure } from "../state/toasts.ts";
import { base } from "../styles/shared.ts";
import { adminItems, dashboardItems } from "./nav.ts";

const allCommands = (): readonly Command[] => {
  const places = dashboardItems(currentTeam()).filter(({ reason }) => reason === undefined);
  const go = [...places, ...(session.person?.isAdmin === true ? adminItems() : [])].map(
    ({ href, label, icon }) => ({
      label: `Go to ${label}${href.startsWith("/admin") ? " (administration)" : ""}`,
      icon,
      run: () => navigate(href),
    }),
  );
  const known = teams.value.kind === "ready" ? teams.value.teams : [];
  const switches = known
    .filter(({ id }) => id !== session.person?.teamId)
    .map(({ id, name }) => ({
      label: `Switch to team ${name}`,
      icon: "people" as const,
      run: () => void session.switchTeam(id).catch(showFailure),
    }));
  return [
    ...pageCommands(),
    ...go,
    ...switches,
    { label: "Use the light theme", icon: "sun", run: () => theme.set("light") },
    { label: "Use the dark theme", icon: "moon", run: () => theme.set("dark") },
    { label: "Use the system's theme", icon: "monitor", run: () => theme.set("system") },
    { label: "Read the API's documentation", icon: "list", run: () => location.assign("/docs") },
    { label: "Sign out", icon: "out", run: () => void session.logOut() },
  ];
};

/** Whether all words of `wanted` begin somewhere in `label`. */
const fits = (label: string, wanted: string): boolean => {
  const text = label.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
};

@customElement("wr-palette")
export class Palette extends LitElement {
  static override styles = [
    base,
    css`
      dialog {
        width: min(36rem, calc(100vw - 2rem));
        margin-top: 14vh;
        padding: 0;
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--raised);
        box-shadow: var(--shadow-high);
        color: var(--ink);
        overflow: hidden;
      }

      dialog::backdrop {
        background: light-dark(#1a1c1f4d, #00000080);
      }

      label {
        display: flex;
        gap: var(--s3);
        align-items: center;
        padding: 0 var(--s4);
        border-bottom: 1px solid var(--line);
        color: var(--ink-faint);
        font-size: var(--text-lg);
      }

      input {
        flex: 1;
        min-width: 0;
        padding: var(--s4) 0;
        border: 0;
        background: transparent;
        color: var(--ink);
        font: inherit;
      }

      /* The one thing that can have the focus here. */
      input:focus-visible {
        outline: none;
      }

      [role="listbox"] {
        max-height: min(24rem, 50vh);
        padding: var(--s2);
        overflow-y: auto;
      }

      [role="option"] {
        display: flex;
        gap: var(--s3);
        align-items: center;
        min-height: var(--control);
        padding: 0 var(--s3);
        border-radius: var(--radius);
        cursor: pointer;
      }

      [role="option"] wr-icon {
        color: var(--ink-faint);
      }

      [aria-selected="true"] {
        background: var(--accent-soft);
      }

      .none {
        padding: var(--s4);
        color: var(--ink-faint);
        text-align: center;
      }
    `,
  ];

  @state() private wanted = "";
  @state() private active = 0;
  @query("dialog") private dialog!: HTMLDialogElement;
  readonly #commands = allCommands();

  override render(): TemplateResult {
    const shown = this.#shown;
    return html`<dialog aria-label="Commands" @close=${() => emit(this, "close")} @click=${this.#outside}>
      <label>
        <wr-icon name="search"></wr-icon>
        <input
          role="combobox"
          aria-label="What do you want to do?"
          aria-expanded="true"
          aria-controls="commands"
          aria-activedescendant="command-${this.active}"
          placeholder="What do you want to do?"
          autocomplete="off"
          spellcheck="false"
          @input=${this.#type}
          @keydown=${this.#key}
        />
      </label>
      <div role="listbox" id="commands" aria-label="Commands">
        ${shown.map(
          ({ label, icon }, index) =>
            html`<div
              id="command-${index}"
              role="option"
              aria-selected=${index === this.active}
              @pointermove=${() => {
                this.active = index;
              }}
              @click=${() => this.#run(index)}
            >
              <wr-icon name=${icon}></wr-icon>${label}
            </div>`,
        )}
        ${shown.length === 0 ? html`<p class="none" role="option" aria-selected="false">Nothing is called that.</p>` : ""}
      </div>
    </dialog>`;
  }

  override firstUpdated(): void {
    this.dialog.showModal();
  }

  override updated(): void {
    this.renderRoot.querySelector("[aria-selected='true']")?.scrollIntoView({ block: "nearest" });
  }

  get #shown(): readonly Command[] {
    return this.#commands.filter(({ label }) => fits(label, this.wanted.trim()));
  }

  #type(event: InputEvent): void {
    this.wanted = (event.target as HTMLInputElement).value;
    this.active = 0;
  }

  #key(event: KeyboardEvent): void {
    const { length } = this.#shown;
    if (event.key === "ArrowDown") this.active = (this.active + 1) % Math.max(1, length);
    else if (event.key === "ArrowUp") this.active = (this.active - 1 + length) % Math.max(1, length);
    else if (event.key === "Enter") this.#run(this.active);
    else return;
    event.preventDefault();
  }

  #run(index: number): void {
    const command = this.#shown[index];
    if (command === undefined) return;
    this.dialog.close();
    command.run();
  }

  #outside(event: MouseEvent): void {
    if (event.target === this.dialog && event.detail > 0) this.dialog.close();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-palette": Palette;
  }
}
