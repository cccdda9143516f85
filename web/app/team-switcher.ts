/** Which team one works in, the others, and a new one. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../components/icon.ts";
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

@customElement("wr-team-switcher")
export class TeamSwitcher extends LitElement {
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
        text-align: start;
      }

      .initial {
        display: grid;
        place-items: center;
        width: 1.5rem;
        height: 1.5rem;
        border-radius: var(--radius-s);
        background: var(--accent-soft);
        color: var(--accent);
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

      .face wr-icon {
        color: var(--ink-faint);
      }

      .collapsed .name,
      .collapsed wr-icon {
        display: none;
      }

      .collapsed {
        grid-template-columns: auto;
        justify-content: center;
        margin: 0 -0.5rem;
      }
    `,
  ];

  @property({ type: Boolean }) collapsed = false;
  readonly #teams = new Watch(this, teams);

  override render(): TemplateResult {
    const name = this.#name;
    return html`<wr-menu label="Team: ${name}" kind="plain" .entries=${this.#entries}>
      <span class="face ${this.collapsed ? "collapsed" : ""}">
        <span class="initial" data-letter=${Array.from(name)[0]?.toUpperCase() ?? ""}></span>
        <span class="name">${name}</span>
        <wr-icon name="down"></wr-icon>
      </span>
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
