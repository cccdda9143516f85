/** Where one's sign-ins start: for those who are in more than one team. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

import "../../components/select.ts";
import type { Select } from "../../components/select.ts";
import { setDefaultTeam, type Team, teams } from "../../state/teams.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { Watch } from "../../state/watch.ts";
import { base } from "../../styles/shared.ts";
import { settingsStyles } from "./styles.ts";

@customElement("wr-default-team-settings")
export class DefaultTeamSettings extends LitElement {
  static override styles = [base, settingsStyles];

  readonly #teams = new Watch(this, teams);

  override willUpdate(): void {
    // No room on the page either.
    this.hidden = this.#all.length < 2;
  }

  override render(): TemplateResult | typeof nothing {
    if (this.hidden) return nothing;
    const chosen = this.#all.find((team) => team.is_default)?.id ?? "";
    const unchosen = chosen === "" ? [{ value: "", label: "The one you joined first" }] : [];
    return html`<section aria-labelledby="default-team">
      <div>
        <h2 id="default-team">Default team</h2>
        <p class="lead">Where you are after signing in. Where you are now does not change.</p>
      </div>
      <form>
        <wr-select
          label="Team"
          value=${chosen}
          .choices=${[...unchosen, ...this.#all.map(({ id, name }) => ({ value: id, label: name }))]}
          @change=${(event: Event) => void this.#choose(event.currentTarget as Select, chosen)}
        ></wr-select>
      </form>
    </section>`;
  }

  get #all(): readonly Team[] {
    const { value } = this.#teams;
    return value.kind === "ready" ? value.teams : [];
  }

  async #choose(select: Select, before: string): Promise<void> {
    const name = this.#all.find(({ id }) => id === select.value)?.name;
    if (name === undefined) return;
    try {
      await setDefaultTeam(select.value);
      showToast(`Your sign-ins start in ${name}.`);
    } catch (error) {
      select.value = before;
      showFailure(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-default-team-settings": DefaultTeamSettings;
  }
}
