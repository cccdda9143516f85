/** /admin/hosts: every host of the instance, the platform's and the teams' own. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { ListSearch } from "../app/list-search.ts";
import "../components/button.ts";
import "../components/empty.ts";
import "../components/icon.ts";
import "../components/stat.ts";
import "../components/tabs.ts";
import type { Tabs } from "../components/tabs.ts";
import { noteQuery, place } from "../router.ts";
import { allTeams } from "../state/all-teams.ts";
import { OfferCommands } from "../state/commands.ts";
import { FollowList } from "../state/follow-list.ts";
import { allHosts, type Host } from "../state/hosts.ts";
import { monitor } from "../state/monitor.ts";
import { Watch } from "../state/watch.ts";
import { base, page } from "../styles/shared.ts";
import "./admin-hosts/hold.ts";
import "./admin-hosts/quarantine.ts";
import { countHosts, groupByTeam, type HostGroup } from "./admin-hosts/groups.ts";
import { filterHosts } from "./hosts/filter.ts";
import "./hosts/join.ts";
import "./hosts/table.ts";

const NO_BYOC_TEAM = "No team may bring hosts of its own: allow one at Teams.";

@customElement("wr-admin-hosts-page")
export class AdminHostsPage extends LitElement {
  static override styles = [
    base,
    page,
    css`
      .stats {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
      }

      .group {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s3);
      }

      h2 {
        font-size: var(--text-lg);
        font-weight: 600;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @state() private isJoining = false;
  readonly #place = new Watch(this, place);
  readonly #search = new ListSearch(this, {
    label: "Search hosts",
    placeholder: "Search by name, team, provider",
    nothing: "No host is like that.",
  });
  readonly #hosts = new FollowList(this, allHosts);
  readonly #teams = new FollowList(this, allTeams);
  readonly #monitor = new FollowList(this, monitor);

  constructor() {
    super();
    void new OfferCommands(this, () => [{ label: "Add a host", icon: "plus", run: () => this.#join() }]);
  }

  override render(): TemplateResult {
    const { items } = this.#hosts;
    const [hold = null] = this.#monitor.items.map((one) => one.hold);
    return html`<div class="head">
        <div>
          <h1>Hosts</h1>
          <p>Machines that sandboxes run on.</p>
        </div>
        <wr-button kind="primary" reason=${this.#reason} @click=${() => this.#join()}
          ><wr-icon name="plus"></wr-icon>Add host</wr-button
        >
      </div>
      ${this.#renderStats()}
      ${hold === null ? nothing : html`<wr-monitor-hold .hold=${hold}></wr-monitor-hold>`}
      <wr-tabs
        label="Whose hosts"
        chosen=${this.#tab}
        .tabs=${[
          {
            value: "platform",
            label: "Platform",
            count: items.filter(({ type }) => type === "regular").length,
          },
          { value: "byoc", label: "BYOC", count: items.filter(({ type }) => type === "byoc").length },
        ]}
        @change=${(event: Event) => {
          const { chosen } = event.currentTarget as Tabs;
          noteQuery({ tab: chosen === "platform" ? null : chosen });
        }}
      ></wr-tabs>
      <div class="bar">${this.#search.renderField()}</div>
      ${this.#tab === "platform" ? this.#renderTable("Hosts of the platform", this.#shown) : this.#renderGroups()}
      <wr-quarantine></wr-quarantine>
      ${this.#renderJoin()}`;
  }

  #renderStats(): TemplateResult {
    const isKnown = this.#hosts.state.kind === "ready";
    const counts = countHosts(this.#hosts.items);
    const told = (count: number): number | null => (isKnown ? count : null);
    return html`<div class="stats" role="group" aria-label="How many hosts there are">
      <wr-stat label="total" .value=${told(counts.total)}></wr-stat>
      <wr-stat label="online" tone="good" .value=${told(counts.online)}></wr-stat>
      <wr-stat label="pending" tone="busy" .value=${told(counts.pending)}></wr-stat>
      <wr-stat label="unreachable" tone="bad" .value=${told(counts.unreachable)}></wr-stat>
    </div>`;
  }

  #renderGroups(): unknown {
    const groups = groupByTeam(this.#shown);
    if (groups.length === 0) return this.#renderTable("Hosts of teams", []);
    return groups.map(
      ({ teamId, name, hosts }: HostGroup) =>
        html`<div class="group" data-team=${teamId}>
          <h2>${name}</h2>
          ${this.#renderTable(`Hosts of ${name}`, hosts)}
        </div>`,
    );
  }

  #renderTable(label: string, rows: readonly Host[]): TemplateResult {
    const isPlatform = this.#tab === "platform";
    return html`<wr-host-table
      label=${label}
      .list=${this.#hosts.state}
      .rows=${rows}
      ?filtered=${this.#search.isNarrowed}
      @retry=${() => void allHosts.reload()}
    >
      <wr-empty
        slot="empty"
        icon="host"
        heading=${isPlatform ? "The platform has no host" : "No team has a host of its own"}
        text=${
          isPlatform
            ? "Teams that bring none of their own need one: without, nothing can be launched."
            : "Allow a team to bring its own at Teams; then its owner adds them, or you do."
        }
      >
        ${
          isPlatform
            ? html`<wr-button kind="primary" @click=${() => this.#join()}>Add the first host</wr-button>`
            : html`<wr-button href="/admin/teams">Go to the teams</wr-button>`
        }
      </wr-empty>
      ${this.#search.renderNothing()}
    </wr-host-table>`;
  }

  #renderJoin(): TemplateResult | typeof nothing {
    if (!this.isJoining) return nothing;
    return html`<wr-join-host
      type=${this.#tab === "platform" ? "regular" : "byoc"}
      .teams=${this.#tab === "platform" ? [] : this.#byocTeams.map(({ id, name }) => ({ value: id, label: name }))}
      .hosts=${this.#hosts.items}
      @close=${() => {
        this.isJoining = false;
      }}
    ></wr-join-host>`;
  }

  get #tab(): "platform" | "byoc" {
    return this.#place.value.query.get("tab") === "byoc" ? "byoc" : "platform";
  }

  get #shown(): readonly Host[] {
    const type = this.#tab === "platform" ? "regular" : "byoc";
    return filterHosts(
      this.#hosts.items.filter((host) => host.type === type),
      this.#search.text,
    );
  }

  get #byocTeams() {
    return this.#teams.items.filter((team) => team.is_byoc);
  }

  /** A team's own needs a team to choose. */
  get #reason(): string {
    const { state: teams } = this.#teams;
    if (this.#tab === "platform") return "";
    if (teams.kind === "loading") return "The teams are still being read.";
    if (teams.kind === "failed") return teams.failure.message;
    return this.#byocTeams.length === 0 ? NO_BYOC_TEAM : "";
  }

  #join(): void {
    if (this.#reason === "") this.isJoining = true;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-admin-hosts-page": AdminHostsPage;
  }
}
