/** /admin/teams: every team, which of them bring hosts of their own, and how much each may have. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { ListSearch } from "../app/list-search.ts";
import "../components/empty.ts";
import "../components/table.ts";
import type { RowActions } from "../components/table-types.ts";
import { allTeams, type AnyTeam } from "../state/all-teams.ts";
import { FollowList } from "../state/follow-list.ts";
import { base, page } from "../styles/shared.ts";
import { countShown } from "../text/format.ts";
import { entriesFor, TEAM_COLUMNS } from "./admin-teams/columns.ts";
import "./admin-teams/limits.ts";

@customElement("wr-admin-teams-page")
export class AdminTeamsPage extends LitElement {
  static override styles = [base, page];

  @state() private limited: AnyTeam | null = null;
  readonly #search = new ListSearch(this, {
    label: "Search teams",
    placeholder: "Search by name, owner",
    nothing: "No team is like that.",
  });
  readonly #teams = new FollowList(this, allTeams);

  override render(): TemplateResult {
    const { state, items } = this.#teams;
    const rows = this.#rows;
    return html`<div class="head">
        <div>
          <h1>Teams</h1>
          <p>
            ${
              items.length === 0
                ? "Who works here, and with how much."
                : `${countShown(rows.length, items.length)} ${items.length === 1 ? "team" : "teams"}`
            }
          </p>
        </div>
      </div>
      <div class="bar">${this.#search.renderField()}</div>
      <wr-table
        label="Teams"
        status=${state.kind}
        failure=${state.kind === "failed" ? state.failure.message : ""}
        ?filtered=${this.#search.isNarrowed}
        .columns=${TEAM_COLUMNS}
        .rows=${rows}
        .keyOf=${({ id }: AnyTeam) => id}
        .actions=${this.#actions}
        @retry=${() => void allTeams.reload()}
      >
        <wr-empty
          slot="empty"
          icon="people"
          heading="No team yet"
          text="Each account gets a team when it signs up."
        ></wr-empty>
        ${this.#search.renderNothing()}
      </wr-table>
      ${
        this.limited === null
          ? nothing
          : html`<wr-team-limits
              .team=${this.limited}
              @close=${() => {
                this.limited = null;
              }}
            ></wr-team-limits>`
      }`;
  }

  readonly #actions: RowActions<AnyTeam> = {
    nameOf: ({ name }) => name,
    entries: (team) =>
      entriesFor(team, (limited) => {
        this.limited = limited;
      }),
  };

  get #rows(): readonly AnyTeam[] {
    return this.#search.found(this.#teams.items, ({ name, id, owner }) => [
      name,
      id,
      owner?.name,
      owner?.email,
    ]);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-admin-teams-page": AdminTeamsPage;
  }
}
