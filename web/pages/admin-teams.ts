/** /admin/teams: every team, which of them bring hosts of their own, and how much each may have. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../components/button.ts";
import "../components/empty.ts";
import "../components/search.ts";
import type { Search } from "../components/search.ts";
import "../components/table.ts";
import type { RowActions } from "../components/table-types.ts";
import { noteQuery, place } from "../router.ts";
import { allTeams, type AnyTeam } from "../state/all-teams.ts";
import { FollowList } from "../state/follow-list.ts";
import { Watch } from "../state/watch.ts";
import { base, page } from "../styles/shared.ts";
import { countShown } from "../text/format.ts";
import { entriesFor, TEAM_COLUMNS } from "./admin-teams/columns.ts";
import "./admin-teams/limits.ts";

@customElement("wr-admin-teams-page")
export class AdminTeamsPage extends LitElement {
  static override styles = [
    base,
    page,
    css`
      .bar wr-search {
        flex: 1 1 14rem;
        max-width: 22rem;
      }
    `,
  ];

  @state() private limited: AnyTeam | null = null;
  readonly #place = new Watch(this, place);
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
      <div class="bar">
        <wr-search
          data-search
          label="Search teams"
          placeholder="Search by name, owner"
          value=${this.#text}
          @change=${(event: Event) => noteQuery({ q: (event.currentTarget as Search).value })}
        ></wr-search>
      </div>
      <wr-table
        label="Teams"
        status=${state.kind}
        failure=${state.kind === "failed" ? state.failure.message : ""}
        ?filtered=${this.#text !== ""}
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
        <wr-empty slot="filtered" icon="search" heading="Nothing fits" text="No team is like that.">
          <wr-button @click=${() => noteQuery({ q: null })}>Clear the search</wr-button>
        </wr-empty>
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

  get #text(): string {
    return this.#place.value.query.get("q") ?? "";
  }

  get #rows(): readonly AnyTeam[] {
    const words = this.#text.toLowerCase().split(/\s+/).filter(Boolean);
    return this.#teams.items.filter(({ name, id, owner }) => {
      const text = [name, id, owner?.name, owner?.email].join("\n").toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-admin-teams-page": AdminTeamsPage;
  }
}
