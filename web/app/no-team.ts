/** What stands on a page of a team's things for those who are in none. */
import { html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../components/button.ts";
import "../components/empty.ts";
import { base } from "../styles/shared.ts";
import { askNewTeam } from "./create-team.ts";

@customElement("wr-no-team")
export class NoTeam extends LitElement {
  static override styles = base;

  /** What belongs to a team: `API keys belong to a team.` */
  @property() text = "";

  override render(): TemplateResult {
    return html`<wr-empty
      icon="people"
      heading="You are in no team"
      text="${this.text} Create one here or at the top of the sidebar, or ask somebody to add you to theirs."
    >
      <wr-button @click=${askNewTeam}>Create a team</wr-button>
    </wr-empty>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-no-team": NoTeam;
  }
}
