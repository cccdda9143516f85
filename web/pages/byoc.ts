/** /dashboard/byoc: the team's own hosts, for its owner and admins; only where the team may bring hosts. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { ListSearch } from "../app/list-search.ts";
import "../app/no-team.ts";
import "../components/button.ts";
import "../components/empty.ts";
import "../components/icon.ts";
import { OfferCommands } from "../state/commands.ts";
import { FollowList } from "../state/follow-list.ts";
import { type Host, teamHosts } from "../state/hosts.ts";
import { session } from "../state/session.ts";
import { currentTeam, loadTeams, type Team, teams } from "../state/teams.ts";
import { Watch } from "../state/watch.ts";
import { base, page } from "../styles/shared.ts";
import { countShown } from "../text/format.ts";
import { filterHosts } from "./hosts/filter.ts";
import "./hosts/join.ts";
import { stateOf } from "./hosts/state-of.ts";
import "./hosts/table.ts";

@customElement("wr-byoc-page")
export class ByocPage extends LitElement {
  static override styles = [base, page];

  @state() private isJoining = false;
  readonly #search = new ListSearch(this, {
    label: "Search hosts",
    placeholder: "Search by name, provider, zone",
    nothing: "No host is like that.",
  });
  /** Who may come here is read off the list of teams, as the server has it now; a token may be old. */
  readonly #teams = new Watch(this, teams);
  readonly #hosts = new FollowList(this, teamHosts, false);

  constructor() {
    super();
    void new OfferCommands(this, () =>
      this.#may(currentTeam()) ? [{ label: "Add a host", icon: "plus", run: () => this.#join() }] : [],
    );
  }

  override willUpdate(): void {
    this.#hosts.follow(this.#may(currentTeam()));
  }

  override render(): TemplateResult {
    const team = currentTeam();
    if (this.#teams.value.kind === "failed") return this.#renderFailed(this.#teams.value.failure.message);
    if (session.person?.teamId === null || (team === null && this.#teams.value.kind === "ready")) {
      return html`${this.#renderHead(null)}<wr-no-team
          text="Hosts of your own belong to a team."
        ></wr-no-team>`;
    }
    if (team === null) return html`${this.#renderHead(null)}${this.#renderTable([])}`;
    if (!team.is_byoc) return this.#renderNotByoc();
    if (team.role === "member") return this.#renderNotForMembers();
    return this.#renderHosts(team);
  }

  #renderHosts(team: Team): TemplateResult {
    const rows = filterHosts(this.#hosts.items, this.#search.text);
    return html`${this.#renderHead(team)}
      <div class="bar">${this.#search.renderField()}</div>
      ${this.#renderTable(rows)}
      ${
        this.isJoining
          ? html`<wr-join-host
              .hosts=${this.#hosts.items}
              @close=${() => {
                this.isJoining = false;
              }}
            ></wr-join-host>`
          : nothing
      }`;
  }

  #renderHead(team: Team | null): TemplateResult {
    return html`<div class="head">
      <div>
        <h1>Hosts</h1>
        <p>${this.#renderLead()}</p>
      </div>
      ${
        team === null
          ? nothing
          : html`<wr-button kind="primary" @click=${() => this.#join()}
              ><wr-icon name="plus"></wr-icon>Add host</wr-button
            >`
      }
    </div>`;
  }

  #renderLead(): string {
    const hosts = this.#hosts.items;
    if (hosts.length === 0) return "Machines of your own that your team's sandboxes run on.";
    const online = hosts.filter((host) => stateOf(host) === "online").length;
    const shown = filterHosts(hosts, this.#search.text).length;
    return `${countShown(shown, hosts.length)} ${hosts.length === 1 ? "host" : "hosts"} of your team, ${online} online`;
  }

  #renderTable(rows: readonly Host[]): TemplateResult {
    return html`<wr-host-table
      .list=${this.#hosts.state}
      .rows=${rows}
      ?filtered=${this.#search.isNarrowed}
      @retry=${() => void teamHosts.reload()}
    >
      <wr-empty
        slot="empty"
        icon="host"
        heading="No host yet"
        text="Your team's sandboxes run on its own machines, and only there. Add one: a line to paste on it, and it turns online here."
      >
        <wr-button kind="primary" @click=${() => this.#join()}>Add your first host</wr-button>
      </wr-empty>
      ${this.#search.renderNothing()}
    </wr-host-table>`;
  }

  #renderNotByoc(): TemplateResult {
    return html`<wr-empty
      alone
      icon="host"
      heading="Your team uses the platform's hosts"
      text="A platform admin can allow it to bring machines of its own."
    >
      <wr-button href="/dashboard/sandboxes">Go to the sandboxes</wr-button>
    </wr-empty>`;
  }

  #renderNotForMembers(): TemplateResult {
    return html`<wr-empty
      alone
      icon="shield"
      heading="Ask an owner or admin"
      text="The hosts of ${currentTeam()?.name ?? "the team"} are looked after by its owner and admins; members use what runs on them."
    >
      <wr-button href="/dashboard/sandboxes">Go to the sandboxes</wr-button>
    </wr-empty>`;
  }

  #renderFailed(why: string): TemplateResult {
    return html`<wr-empty alone icon="alert" tone="bad" heading="Your teams could not be read" text=${why}>
      <wr-button @click=${() => void loadTeams()}>Try again</wr-button>
    </wr-empty>`;
  }

  #may(team: Team | null): boolean {
    return team !== null && team.is_byoc && team.role !== "member";
  }

  #join(): void {
    this.isJoining = true;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-byoc-page": ByocPage;
  }
}
