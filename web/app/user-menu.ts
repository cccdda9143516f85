/** The person: by name, with settings, light or dark, and the way out. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../components/icon.ts";
import "../components/menu.ts";
import type { MenuEntry } from "../components/menu.ts";
import { navigate } from "../router.ts";
import { findRoute, SETTINGS } from "../routes.ts";
import { type Theme, theme } from "../state/preferences.ts";
import { session } from "../state/session.ts";
import { Watch } from "../state/watch.ts";
import { base } from "../styles/shared.ts";

const THEMES: readonly [Theme, string][] = [
  ["system", "As the system"],
  ["light", "Light"],
  ["dark", "Dark"],
];

@customElement("wr-user-menu")
export class UserMenu extends LitElement {
  static override styles = [
    base,
    css`
      wr-menu {
        display: block;
      }

      .face {
        display: grid;
        flex: 1;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: 0.625rem;
        align-items: center;
        margin: 0 -0.25rem;
        text-align: start;
      }

      .initial {
        display: grid;
        place-items: center;
        width: 1.5rem;
        height: 1.5rem;
        border: 1px solid var(--line-strong);
        border-radius: 50%;
        font-size: var(--text-xs);
        font-weight: 600;
      }

      /* Drawn, not said: the name stands beside it. */
      .initial::before {
        content: attr(data-letter);
      }

      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        line-height: 1.4;
      }

      .collapsed .name,
      .collapsed wr-icon {
        display: none;
      }

      .collapsed {
        grid-template-columns: auto;
        justify-content: center;
      }
    `,
  ];

  @property({ type: Boolean }) collapsed = false;
  readonly #theme = new Watch(this, theme);

  constructor() {
    super();
    void new Watch(this, session.state);
  }

  override render(): TemplateResult {
    const name = session.person?.name ?? "";
    return html`<wr-menu label="You: ${name}" .entries=${this.#entries}>
      <span class="face ${this.collapsed ? "collapsed" : ""}">
        <span class="initial" data-letter=${Array.from(name)[0]?.toUpperCase() ?? ""}></span>
        <span class="name">${name}</span>
        <wr-icon name="settings"></wr-icon>
      </span>
    </wr-menu>`;
  }

  get #entries(): readonly MenuEntry[] {
    const settings: MenuEntry[] =
      findRoute(SETTINGS) === null
        ? []
        : [{ label: "Settings", icon: "settings", run: () => navigate(SETTINGS) }, "line"];
    const themes: MenuEntry[] = THEMES.map(([value, label]) => ({
      label,
      icon: value === "system" ? "monitor" : value === "light" ? "sun" : "moon",
      checked: this.#theme.value === value,
      run: () => theme.set(value),
    }));
    return [
      ...settings,
      ...themes,
      "line",
      { label: "Sign out", icon: "out", run: () => void session.logOut() },
    ];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-user-menu": UserMenu;
  }
}
