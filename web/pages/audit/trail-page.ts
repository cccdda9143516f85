/** What every page of an audit trail does: events newest first, filters in the address, more by scrolling. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { state } from "lit/decorators.js";

import "../../components/button.ts";
import "../../components/chips.ts";
import type { Chip, Chips } from "../../components/chips.ts";
import "../../components/empty.ts";
import "../../components/icon.ts";
import type { MenuEntry } from "../../components/menu.ts";
import "../../components/table.ts";
import type { Column, RowActions } from "../../components/table-types.ts";
import "../../components/time.ts";
import { noteQuery, place } from "../../router.ts";
import { type AuditFilter, type AuditRow, Trail, type TrailSource } from "../../state/audit.ts";
import { Watch } from "../../state/watch.ts";
import { base, page } from "../../styles/shared.ts";
import { plural, shortId } from "../../text/format.ts";
import "./details.ts";
import { actionChips } from "./filters.ts";
import "./line.ts";
import type { NameOf } from "./sentences.ts";

/** Scrolled down further than this, somebody reads: nothing moves then. */
const READING_PX = 160;

export abstract class TrailPage extends LitElement {
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
  readonly #place = new Watch(this, place);
  readonly #trail: Trail;
  readonly #state: Watch<Trail["state"]["value"]>;
  /** What the columns name people by. */
  #names: NameOf | null = null;
  #columns: readonly Column<AuditRow>[] = [];
  /** The filter that the trail has now. */
  #filtered: string | null = null;

  /** @param isThere false: there is no trail to be read. */
  constructor(
    source: TrailSource,
    private readonly isThere = true,
  ) {
    super();
    this.#trail = new Trail(source);
    this.#state = new Watch(this, this.#trail.state);
  }

  /** Its heading and what can be done with it as a whole. */
  protected abstract renderHead(): TemplateResult;
  /** By which kinds of things it can be filtered. */
  protected abstract get types(): readonly Chip[];
  /** Another function when other names are known. */
  protected abstract get nameOf(): NameOf;
  /** It is the platform's: nobody else reads it. */
  protected readonly isPlatform: boolean = false;

  override connectedCallback(): void {
    super.connectedCallback();
    if (!this.isThere) return;
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
    const filter = JSON.stringify(this.filter);
    if (!this.isThere || filter === this.#filtered) return;
    this.#filtered = filter;
    this.#trail.filter(this.filter);
  }

  override render(): TemplateResult {
    return html`${this.renderHead()} ${this.#renderFilters()} ${this.#renderFresh()} ${this.#renderTable()}
    ${this.#renderMore()}
    ${
      this.shown === null
        ? nothing
        : html`<wr-audit-details
            ?platform=${this.isPlatform}
            .row=${this.shown}
            @close=${() => {
              this.shown = null;
            }}
          ></wr-audit-details>`
    }`;
  }

  #renderFilters(): TemplateResult {
    const { types, actions, resourceId } = this.filter;
    const ofType = actionChips(types, this.isPlatform);
    return html`<div class="filters">
      <wr-chips
        label="Kinds of things"
        .chips=${this.types}
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
      .columns=${this.#columnsFor(this.nameOf)}
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
      <wr-button small @click=${() => void this.#trail.readMore({ again: true })}>Try again</wr-button>
    </p>`;
  }

  /** Made anew when names become known, so that the lines are said anew. */
  #columnsFor(nameOf: NameOf): readonly Column<AuditRow>[] {
    if (nameOf === this.#names) return this.#columns;
    this.#names = nameOf;
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

  protected get filter(): AuditFilter {
    const { query } = this.#place.value;
    const words = (name: string): readonly string[] => (query.get(name) ?? "").split(",").filter(Boolean);
    return { types: words("type"), actions: words("action"), resourceId: query.get("about") };
  }

  readonly #scrolled = (): void => this.#trail.hold(scrollY > READING_PX);

  #toTop(): void {
    scrollTo(0, 0);
    this.#trail.hold(false);
  }
}
