/** /dashboard/audit: what happened in the team, newest first. Filters stand in the address. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import "../app/no-team.ts";
import "../components/button.ts";
import "../components/chips.ts";
import type { Chips } from "../components/chips.ts";
import "../components/empty.ts";
import "../components/icon.ts";
import "../components/menu.ts";
import type { MenuEntry } from "../components/menu.ts";
import "../components/table.ts";
import type { Column, RowActions } from "../components/table-types.ts";
import "../components/time.ts";
import { download } from "../download.ts";
import { noteQuery, place } from "../router.ts";
import { type AuditFilter, type AuditRow, teamTrail, toQuery, Trail } from "../state/audit.ts";
import { FollowList } from "../state/follow-list.ts";
import { type Member, members } from "../state/members.ts";
import { session } from "../state/session.ts";
import { currentTeam, teams } from "../state/teams.ts";
import { showFailure } from "../state/toasts.ts";
import { Watch } from "../state/watch.ts";
import { base, page } from "../styles/shared.ts";
import { plural, shortId } from "../text/format.ts";
import "./audit/chain.ts";
import "./audit/details.ts";
import { actionChips, typeChips } from "./audit/filters.ts";
import "./audit/line.ts";

/** Scrolled down further than this, somebody reads: nothing moves then. */
const READING_PX = 160;

@customElement("wr-audit-page")
export class AuditPage extends LitElement {
  static override styles = [
    base,
    page,
    css`
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        align-items: center;
      }

      .filters {
        display: grid;
        gap: var(--s2);
        justify-items: start;
      }

      .fresh {
        position: sticky;
        top: var(--s4);
        z-index: 3;
        justify-self: center;
        margin-bottom: calc(var(--s5) * -1);
      }

      .more {
        justify-self: center;
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      @media (max-width: 60rem) {
        .fresh {
          top: 4rem;
        }
      }
    `,
  ];

  @state() private shown: AuditRow | null = null;
  readonly #hasTeam = session.person?.teamId !== null;
  readonly #place = new Watch(this, place);
  readonly #teams = new Watch(this, teams);
  readonly #trail = new Trail(teamTrail);
  readonly #state = new Watch(this, this.#trail.state);
  readonly #members = new FollowList(this, members, this.#hasTeam);
  /** Whose names the columns know. */
  #people: readonly Member[] | null = null;
  #columns: readonly Column<AuditRow>[] = [];
  /** The filter that the trail has now. */
  #filtered: string | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.#hasTeam) return;
    this.#trail.open();
    addEventListener("scroll", this.#scrolled, { passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#trail.close();
    this.#filtered = null;
    removeEventListener("scroll", this.#scrolled);
  }

  override willUpdate(): void {
    const filter = JSON.stringify(this.#filter);
    if (!this.#hasTeam || filter === this.#filtered) return;
    this.#filtered = filter;
    this.#trail.filter(this.#filter);
  }

  override render(): TemplateResult {
    if (!this.#hasTeam) {
      return html`<div class="head"><h1>Audit log</h1></div>
        <wr-no-team text="Here would be what happens in it."></wr-no-team>`;
    }
    return html`<div class="head">
        <div>
          <h1>Audit log</h1>
          <p>
            What happened in your team, newest first${this.#isMember ? ". Owner and admins see more" : ""}.
          </p>
        </div>
        <div class="actions">
          <wr-chain></wr-chain>
          <wr-menu kind="plain" small align-end label="Export" .entries=${this.#exports}
            >Export<wr-icon name="down"></wr-icon
          ></wr-menu>
        </div>
      </div>
      ${this.#renderFilters()} ${this.#renderFresh()} ${this.#renderTable()} ${this.#renderMore()}
      ${
        this.shown === null
          ? nothing
          : html`<wr-audit-details
              .row=${this.shown}
              @close=${() => {
                this.shown = null;
              }}
            ></wr-audit-details>`
      }`;
  }

  #renderFilters(): TemplateResult {
    const { types, actions, resourceId } = this.#filter;
    const ofType = actionChips(types);
    return html`<div class="filters">
      <wr-chips
        label="Kinds of things"
        .chips=${typeChips(this.#isMember)}
        .chosen=${types}
        @change=${(event: Event) =>
          noteQuery({ type: (event.currentTarget as Chips).chosen.join(","), action: null })}
      ></wr-chips>
      ${
        ofType.length === 0
          ? nothing
          : html`<wr-chips
              label="What happened"
              .chips=${ofType}
              .chosen=${actions}
              @change=${(event: Event) => noteQuery({ action: (event.currentTarget as Chips).chosen.join(",") })}
            ></wr-chips>`
      }
      ${
        resourceId === null
          ? nothing
          : html`<wr-button small @click=${() => noteQuery({ about: null })}
              >About ${shortId(resourceId)} only<wr-icon name="close"></wr-icon
            ></wr-button>`
      }
    </div>`;
  }

  #renderFresh(): TemplateResult | typeof nothing {
    const { value } = this.#state;
    if (value.kind !== "ready" || value.waiting === 0) return nothing;
    return html`<wr-button class="fresh" kind="primary" small @click=${() => this.#toTop()}
      ><wr-icon name="up"></wr-icon>${plural(value.waiting, "new event")}</wr-button
    >`;
  }

  #renderTable(): TemplateResult {
    const { value } = this.#state;
    const isFiltered = this.#filtered !== JSON.stringify({ types: [], actions: [], resourceId: null });
    return html`<wr-table
      endless
      label="Audit log"
      status=${value.kind}
      failure=${value.kind === "failed" ? value.failure.message : ""}
      ?filtered=${isFiltered}
      .columns=${this.#columnsFor(this.#members.items)}
      .rows=${value.kind === "ready" ? value.rows : []}
      .keyOf=${({ id }: AuditRow) => id}
      .actions=${this.#actions}
      @end=${() => void this.#trail.readMore()}
      @retry=${() => void this.#trail.reload()}
    >
      <wr-empty
        slot="empty"
        icon="list"
        heading="Nothing happened yet"
        text="Launch a sandbox, make a key, add somebody: it stands here, and cannot be changed afterwards."
      ></wr-empty>
      <wr-empty slot="filtered" icon="search" heading="Nothing fits" text="No event is like that.">
        <wr-button @click=${() => noteQuery({ type: null, action: null, about: null })}
          >Clear the filters</wr-button
        >
      </wr-empty>
    </wr-table>`;
  }

  #renderMore(): TemplateResult | typeof nothing {
    const { value } = this.#state;
    if (value.kind !== "ready" || value.complete) return nothing;
    if (value.failure === null) return html`<p class="more" role="status">Reading older events…</p>`;
    return html`<p class="more" role="alert">
      ${value.failure.message}
      <wr-button small @click=${() => void this.#trail.readMore()}>Try again</wr-button>
    </p>`;
  }

  /** Made anew when names become known, so that the lines are said anew. */
  #columnsFor(people: readonly Member[]): readonly Column<AuditRow>[] {
    if (people === this.#people) return this.#columns;
    this.#people = people;
    const names = new Map(people.map(({ user_id: id, name }) => [id, name]));
    const nameOf = (userId: string): string | null => names.get(userId) ?? null;
    this.#columns = [
      {
        key: "what",
        label: "Event",
        width: "minmax(0, 1fr)",
        narrow: "whole",
        render: (row) => html`<wr-audit-line .row=${row} .nameOf=${nameOf}></wr-audit-line>`,
      },
      {
        key: "when",
        label: "When",
        width: "6.5rem",
        narrow: "nowhere",
        render: ({ created_at: at }) => html`<wr-time value=${at}></wr-time>`,
      },
    ];
    return this.#columns;
  }

  readonly #actions: RowActions<AuditRow> = {
    nameOf: ({ seq }) => `event ${seq}`,
    entries: (row) => {
      const details: MenuEntry = {
        label: "Details",
        icon: "list",
        run: () => {
          this.shown = row;
        },
      };
      const { resource_id: about } = row;
      if (about === null) return [details];
      return [details, { label: "Only about this", icon: "search", run: () => noteQuery({ about }) }];
    },
  };

  get #exports(): readonly MenuEntry[] {
    return (["csv", "jsonl"] as const).map((format) => ({
      label: format === "csv" ? "CSV, for spreadsheets" : "JSON lines, for programs",
      icon: "down",
      run: () => void this.#export(format),
    }));
  }

  get #filter(): AuditFilter {
    const { query } = this.#place.value;
    const words = (name: string): readonly string[] => (query.get(name) ?? "").split(",").filter(Boolean);
    return { types: words("type"), actions: words("action"), resourceId: query.get("about") };
  }

  get #isMember(): boolean {
    return this.#teams.value.kind === "ready" && currentTeam()?.role === "member";
  }

  readonly #scrolled = (): void => this.#trail.hold(scrollY > READING_PX);

  #toTop(): void {
    scrollTo(0, 0);
    this.#trail.hold(false);
  }

  /** All that fits the filter, not only what was read so far. */
  async #export(format: "csv" | "jsonl"): Promise<void> {
    const given = Object.entries(toQuery(this.#filter)).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams({ format, ...Object.fromEntries(given) });
    try {
      await download(`/v1/audit-logs/export?${query}`, `audit.${format}`);
    } catch (error) {
      showFailure(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-audit-page": AuditPage;
  }
}
