/** The person: by name, with settings, light or dark, and the way out. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../components/menu.ts";
import type { MenuEntry } from "../components/menu.ts";
import { navigate } from "../router.ts";
import { findRoute, SETTINGS } from "../routes.ts";
import { type Theme, theme } from "../state/preferences.ts";
import { session } from "../state/session.ts";
import { Watch } from "../state/watch.ts";
import { base } from "../styles/shared.ts";
import "./face.ts";

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

      wr-face {
        margin: 0 -0.25rem;
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
      <wr-face person name=${name} icon="settings" ?collapsed=${this.collapsed}></wr-face>
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
