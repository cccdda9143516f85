/** /dashboard/sandboxes: the team's sandboxes, live. Filters stand in the address. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { askNewTeam } from "../app/create-team.ts";
import { ListSearch } from "../app/list-search.ts";
import "../components/button.ts";
import "../components/chips.ts";
import type { Chips } from "../components/chips.ts";
import "../components/empty.ts";
import "../components/icon.ts";
import "../components/table.ts";
import type { RowActions } from "../components/table-types.ts";
import type { Table } from "../components/table.ts";
import { noteQuery } from "../router.ts";
import { OfferCommands } from "../state/commands.ts";
import { FollowList } from "../state/follow-list.ts";
import { endedSandboxes, liveSandboxes, type Sandbox } from "../state/sandboxes.ts";
import { session } from "../state/session.ts";
import { base, page } from "../styles/shared.ts";
import { countShown, plural, shortId } from "../text/format.ts";
import { FirstLaunch } from "./first-run/first-launch.ts";
import "./first-run/first-run.ts";
import { deleteAll, entriesFor, pauseAll, resumeAll } from "./sandboxes/actions.ts";
import { SANDBOX_COLUMNS, sandboxHref } from "./sandboxes/columns.ts";
import { filterSandboxes } from "./sandboxes/filter.ts";
import "./sandboxes/launch.ts";
import { GROUPS } from "./sandboxes/status.ts";
import "./sandboxes/totals.ts";
import { totalsOf } from "./sandboxes/totals.ts";

const NO_TEAM = "You are in no team: create one in the sidebar first.";

@customElement("wr-sandboxes-page")
export class SandboxesPage extends LitElement {
  static override styles = [
    base,
    page,
    css`
      .selection {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2);
        align-items: center;
        padding: var(--s2) var(--s2) var(--s2) var(--s4);
        border-radius: var(--radius-l);
        background: var(--accent-soft);
      }

      .selection b {
        margin-inline-end: auto;
        font-weight: 500;
      }
    `,
  ];

  /** The launch dialog: closed, open, open for the team's first one, or for one like another. */
  @state() private launching: "no" | "new" | "first" | Sandbox = "no";
  @state() private selected: ReadonlySet<string> = new Set();
  readonly #search = new ListSearch(
    this,
    {
      label: "Search sandboxes",
      placeholder: "Search by id, template, metadata",
      nothing: "No sandbox is like that just now.",
    },
    ["status"],
  );
  readonly #live = new FollowList(this, liveSandboxes);
  readonly #ended = new FollowList(this, endedSandboxes, false);
  readonly #first = new FirstLaunch(this);

  constructor() {
    super();
    void new OfferCommands(this, () => [
      { label: "Launch a sandbox", icon: "plus", run: () => this.#launch() },
    ]);
  }

  override willUpdate(): void {
    this.#ended.follow(this.#groups.includes("ended"));
  }

  override render(): TemplateResult {
    if (session.person?.teamId === null) return this.#renderNoTeam();
    return html`${this.#first.isDue ? this.#renderFirst() : this.#renderList()}${this.#renderLaunch()}`;
  }

  #renderList(): TemplateResult {
    const all = this.#all;
    const rows = filterSandboxes(all, { groups: this.#groups, text: this.#search.text });
    return html`<div class="head">
        <div>
          <h1>Sandboxes</h1>
          <p>${this.#renderCount(rows.length, all.length)}</p>
        </div>
        <wr-button kind="primary" @click=${() => this.#launch()}
          ><wr-icon name="plus"></wr-icon>Launch sandbox</wr-button
        >
      </div>
      ${this.#renderTotals()}
      <div class="bar">
        ${this.#search.renderField()}
        <wr-chips
          label="Status"
          .chips=${this.#chips}
          .chosen=${this.#groups}
          @change=${(event: Event) => noteQuery({ status: (event.currentTarget as Chips).chosen.join(",") })}
        ></wr-chips>
      </div>
      ${this.#renderSelection(rows)}
      ${this.#renderTable(rows, rows.length < all.length || this.#search.isNarrowed)}`;
  }

  #renderFirst(): TemplateResult {
    const { isBusy, failure } = this.#first;
    return html`<wr-first-run
      ?busy=${isBusy}
      .failure=${failure}
      @launch=${() => void this.#first.launch()}
      @choose=${() => this.#launch()}
    ></wr-first-run>`;
  }

  #renderLaunch(): TemplateResult | typeof nothing {
    const { launching } = this;
    if (launching === "no") return nothing;
    return html`<wr-launch-sandbox
      ?enters=${launching === "first"}
      .like=${typeof launching === "string" ? null : launching}
      @close=${() => {
        this.launching = "no";
      }}
    ></wr-launch-sandbox>`;
  }

  #renderNoTeam(): TemplateResult {
    return html`<div class="head">
        <h1>Sandboxes</h1>
        <wr-button kind="primary" reason=${NO_TEAM}><wr-icon name="plus"></wr-icon>Launch sandbox</wr-button>
      </div>
      <wr-empty
        icon="people"
        heading="You are in no team"
        text="Sandboxes belong to a team. Create one here or in the sidebar, or ask somebody to add you to theirs."
      >
        <wr-button @click=${askNewTeam}>Create a team</wr-button>
      </wr-empty>`;
  }

  #renderCount(shown: number, all: number): unknown {
    if (this.#live.state.kind !== "ready") return "Virtual machines of your team.";
    return `${countShown(shown, all)} ${all === 1 ? "sandbox" : "sandboxes"} of your team`;
  }

  /** Its place is kept while the list is read, so that the rows do not move down. */
  #renderTotals(): TemplateResult | typeof nothing {
    const { kind } = this.#live.state;
    const { items } = this.#live;
    if (kind === "failed" || (kind === "ready" && items.length === 0)) return nothing;
    return html`<wr-team-totals .totals=${kind === "ready" ? totalsOf(items) : null}></wr-team-totals>`;
  }

  #renderSelection(rows: readonly Sandbox[]): TemplateResult | typeof nothing {
    const chosen = rows.filter(({ id }) => this.selected.has(id));
    if (chosen.length === 0) return nothing;
    const has = (status: Sandbox["status"]): boolean => chosen.some((sandbox) => sandbox.status === status);
    return html`<div class="selection" role="region" aria-label="Selection">
      <b>${plural(chosen.length, "sandbox", "sandboxes")} selected</b>
      <wr-button small ?disabled=${!has("running")} @click=${() => void pauseAll(chosen)}>Pause</wr-button>
      <wr-button small ?disabled=${!has("paused")} @click=${() => void resumeAll(chosen)}>Resume</wr-button>
      <wr-button small kind="danger" @click=${() => void this.#deleteChosen(chosen)}>Delete…</wr-button>
      <wr-button small kind="quiet" label="Clear the selection" @click=${() => this.#clear()}>
        <wr-icon name="close"></wr-icon>
      </wr-button>
    </div>`;
  }

  #renderTable(rows: readonly Sandbox[], isFiltered: boolean): TemplateResult {
    const { state } = this.#live;
    return html`<wr-table
      label="Sandboxes"
      status=${this.#first.isOpen ? "loading" : state.kind}
      failure=${state.kind === "failed" ? state.failure.message : ""}
      ?filtered=${isFiltered}
      .columns=${SANDBOX_COLUMNS}
      .rows=${rows}
      .keyOf=${({ id }: Sandbox) => id}
      .actions=${this.#actions}
      .selected=${this.selected}
      @select=${(event: Event) => {
        this.selected = (event.currentTarget as Table).selected ?? new Set();
      }}
      @retry=${() => void liveSandboxes.reload()}
    >
      <wr-empty
        slot="empty"
        icon="sandbox"
        heading="No sandbox just now"
        text="A sandbox is a virtual machine that starts in a blink, pauses with its memory, and forks. Launch one to get a shell in it."
      >
        <wr-button kind="primary" @click=${() => this.#launch()}>Launch a sandbox</wr-button>
      </wr-empty>
      ${this.#search.renderNothing()}
    </wr-table>`;
  }

  readonly #actions: RowActions<Sandbox> = {
    nameOf: ({ id }) => shortId(id),
    href: sandboxHref,
    entries: (sandbox) =>
      entriesFor(sandbox, (like) => {
        this.launching = like;
      }),
  };

  get #groups(): readonly string[] {
    return this.#search.chosen("status");
  }

  get #all(): readonly Sandbox[] {
    return this.#groups.includes("ended") ? [...this.#live.items, ...this.#ended.items] : this.#live.items;
  }

  get #chips() {
    return GROUPS.map(({ value, label, statuses, isRare }) => {
      if (value === "ended") return { value, label, isRare };
      const count = this.#live.items.filter(({ status }) => statuses.includes(status)).length;
      return { value, label, count, isRare };
    }).filter(({ value, count, isRare }) => !isRare || count !== 0 || this.#groups.includes(value));
  }

  #launch(): void {
    this.launching = this.#first.isDue ? "first" : "new";
  }

  #clear(): void {
    this.selected = new Set();
  }

  async #deleteChosen(chosen: readonly Sandbox[]): Promise<void> {
    if (await deleteAll(chosen)) this.#clear();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandboxes-page": SandboxesPage;
  }
}
