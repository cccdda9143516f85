/** Light, dark, or as the device has it. Remembered in this browser. */
import { html, LitElement, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

import "../../components/select.ts";
import type { Choice } from "../../components/select.ts";
import { theme } from "../../state/preferences.ts";
import { Watch } from "../../state/watch.ts";
import { base } from "../../styles/shared.ts";
import { settingsStyles } from "./styles.ts";

const CHOICES: readonly Choice[] = [
  { value: "system", label: "As the device" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

@customElement("wr-theme-settings")
export class ThemeSettings extends LitElement {
  static override styles = [base, settingsStyles];

  readonly #theme = new Watch(this, theme);

  override render(): TemplateResult {
    return html`<section aria-labelledby="theme">
      <div>
        <h2 id="theme">Look</h2>
        <p class="lead">Of the dashboard in this browser.</p>
      </div>
      <form>
        <wr-select
          label="Theme"
          value=${this.#theme.value}
          .choices=${CHOICES}
          @change=${(event: Event) => {
            const { value } = event.currentTarget as HTMLElementTagNameMap["wr-select"];
            theme.set(value === "light" || value === "dark" ? value : "system");
          }}
        ></wr-select>
      </form>
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-theme-settings": ThemeSettings;
  }
}
