/** /dashboard/team: the team's name, its people, and its end. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../app/no-team.ts";
import "../components/badge.ts";
import "../components/button.ts";
import "../components/copy.ts";
import "../components/empty.ts";
import "../components/icon.ts";
import "../components/inline-edit.ts";
import "../components/table.ts";
import type { RowActions } from "../components/table-types.ts";
import "../components/time.ts";
import { FollowList } from "../state/follow-list.ts";
import { type Member, members } from "../state/members.ts";
import { session } from "../state/session.ts";
import { currentTeam, loadTeams, renameTeam, type Team, teams } from "../state/teams.ts";
import { Watch } from "../state/watch.ts";
import { card } from "../styles/card.ts";
import { base, page } from "../styles/shared.ts";
import { plural } from "../text/format.ts";
import "./team/add.ts";
import { MEMBER_COLUMNS, renderRole } from "./team/columns.ts";
import { askDelete, askLeave } from "./team/ending.ts";
import { entriesFor } from "./team/member-actions.ts";
import { whyNotDelete, whyNotLeave, whyNotManage } from "./team/roles.ts";
import { usageOfTeam } from "./team/usage.ts";
import "./usage/usage.ts";

@customElement("wr-team-page")
export class TeamPage extends LitElement {
  static override styles = [
    base,
    page,
    card,
    css`
      .facts {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s4);
        align-items: center;
      }

      .bone {
        width: 14rem;
        max-width: 70%;
        height: 1.75rem;
        border-radius: var(--radius);
        background: var(--sunken);
      }

      h2 {
        margin-bottom: calc(var(--s3) * -1);
        font-size: var(--text-lg);
        font-weight: 600;
      }

      .ends {
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
      }

      .end {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s3) var(--s5);
        align-items: center;
        justify-content: space-between;
        padding: var(--s4);
      }

      .end + .end {
        border-top: 1px solid var(--line);
      }

      .end div {
        flex: 1 1 16rem;
      }

      .end h3 {
        font-size: var(--text);
        font-weight: 500;
      }

      .end p {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }
    `,
  ];

  @state() private isAdding = false;
  readonly #hasTeam = session.person?.teamId !== null;
  readonly #teams = new Watch(this, teams);
  readonly #members = new FollowList(this, members, this.#hasTeam);

  override render(): TemplateResult {
    if (!this.#hasTeam) {
      return html`<div class="head"><h1>Team</h1></div>
        <wr-no-team text="Here would be its people and their roles."></wr-no-team>`;
    }
    const team = currentTeam();
    return html`${this.#renderHead(team)} ${this.#renderMembers(team)}
      <div class="card"><wr-usage .read=${usageOfTeam} count="4" live></wr-usage></div>
      ${team === null ? nothing : this.#renderEnds(team)}
      ${
        this.isAdding
          ? html`<wr-add-member
              @close=${() => {
                this.isAdding = false;
              }}
            ></wr-add-member>`
          : nothing
      }`;
  }

  #renderHead(team: Team | null): TemplateResult {
    const { value } = this.#teams;
    if (team === null) {
      const failure = value.kind === "failed" ? value.failure.message : "";
      return html`<div class="head">
        <h1>Team</h1>
        ${
          failure === ""
            ? html`<div class="bone" role="status" aria-label="Loading the team…"></div>`
            : html`<p>${failure}</p>
                <wr-button @click=${() => void loadTeams()}
                  ><wr-icon name="refresh"></wr-icon>Try again</wr-button
                >`
        }
      </div>`;
    }
    return html`<div class="head">
      <div>
        <h1>
          <wr-inline-edit
            label="Team name"
            value=${team.name}
            reason=${whyNotManage(team.role)}
            .save=${(name: string) => renameTeam(team.id, name)}
          ></wr-inline-edit>
        </h1>
        <p class="facts">
          <span>You are ${renderRole(team.role)}</span>
          <span>Founded <wr-time value=${team.created_at}></wr-time></span>
          <wr-copy chip label="team id" value=${team.id} text=${team.slug}></wr-copy>
          ${team.is_byoc ? html`<wr-badge>own hosts</wr-badge>` : nothing}
        </p>
      </div>
      <wr-button
        kind="primary"
        reason=${whyNotManage(team.role)}
        @click=${() => {
          this.isAdding = true;
        }}
        ><wr-icon name="plus"></wr-icon>Add member</wr-button
      >
    </div>`;
  }

  #renderMembers(team: Team | null): TemplateResult {
    const { state } = this.#members;
    return html`<h2>${state.kind === "ready" ? plural(this.#members.items.length, "member") : "Members"}</h2>
      <wr-table
        label="Members"
        status=${state.kind}
        failure=${state.kind === "failed" ? state.failure.message : ""}
        .columns=${MEMBER_COLUMNS}
        .rows=${this.#members.items}
        .keyOf=${({ user_id: id }: Member) => id}
        .actions=${team === null ? null : this.#actionsIn(team)}
        @retry=${() => void members.reload()}
      ></wr-table>`;
  }

  #renderEnds(team: Team): TemplateResult {
    const { value } = this.#teams;
    const count = value.kind === "ready" ? value.teams.length : 0;
    const [leaving, deleting] = [whyNotLeave(team.role, count), whyNotDelete(team.role, count)];
    return html`<h2>Leave or delete</h2>
      <div class="ends">
        <div class="end">
          <div>
            <h3>Leave this team</h3>
            <p>${leaving || "Your access and the API keys you made here end; the team stays."}</p>
          </div>
          <wr-button reason=${leaving} @click=${() => void askLeave(team)}>Leave team…</wr-button>
        </div>
        <div class="end">
          <div>
            <h3>Delete this team</h3>
            <p>${deleting || "Its sandboxes, snapshots, keys and own hosts end with it, for everybody."}</p>
          </div>
          <wr-button kind="danger" reason=${deleting} @click=${() => void askDelete(team)}
            >Delete team…</wr-button
          >
        </div>
      </div>`;
  }

  #actionsIn(team: Team): RowActions<Member> {
    return {
      nameOf: ({ name }) => name,
      entries: (member) => entriesFor(member, team, team.role),
    };
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-team-page": TeamPage;
  }
}
