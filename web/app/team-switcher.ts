/** Which team one works in, the others, and a new one. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../components/menu.ts";
import type { MenuEntry } from "../components/menu.ts";
import { navigate } from "../router.ts";
import { HOME } from "../routes.ts";
import { session } from "../state/session.ts";
import { currentTeam, loadTeams, type Team, teams } from "../state/teams.ts";
import { showFailure } from "../state/toasts.ts";
import { Watch } from "../state/watch.ts";
import { base } from "../styles/shared.ts";
import { askNewTeam } from "./create-team.ts";
import "./face.ts";

@customElement("wr-team-switcher")
export class TeamSwitcher extends LitElement {
  static override styles = [
    base,
    css`
      wr-menu {
        display: block;
      }

      wr-face[collapsed] {
        margin: 0 -0.5rem;
      }
    `,
  ];

  @property({ type: Boolean }) collapsed = false;
  readonly #teams = new Watch(this, teams);

  override render(): TemplateResult {
    const name = this.#name;
    return html`<wr-menu label="Team: ${name}" kind="plain" .entries=${this.#entries}>
      <wr-face name=${name} ?collapsed=${this.collapsed}></wr-face>
    </wr-menu>`;
  }

  get #name(): string {
    if (this.#teams.value.kind !== "ready") return "…";
    return currentTeam()?.name ?? "No team";
  }

  get #entries(): readonly MenuEntry[] {
    const create: MenuEntry = { label: "Create team…", icon: "plus", run: askNewTeam };
    const { value } = this.#teams;
    if (value.kind === "loading") return [create];
    if (value.kind === "failed")
      return [{ label: "Read the teams again", icon: "refresh", run: () => void loadTeams() }];
    const here = currentTeam();
    const others = value.teams.map((team) => ({
      label: team.name,
      checked: team.id === here?.id,
      run: () => void this.#switch(team),
    }));
    return others.length === 0 ? [create] : [...others, "line", create];
  }

  async #switch(team: Team): Promise<void> {
    if (team.id === session.person?.teamId) return;
    try {
      await session.switchTeam(team.id);
      navigate(HOME);
    } catch (error) {
      showFailure(error);
      void loadTeams();
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-team-switcher": TeamSwitcher;
  }
}
