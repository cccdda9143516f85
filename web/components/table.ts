/**
 * A list in columns. It knows the four faces of every list: being read (bones that shimmer), failed (with a
 * way to try again), empty, and nothing left by the filter. Of thousands of rows it draws those in sight.
 *
 * @fires retry when the list is to be read again
 * @fires select with `selected` set
 * @fires end when the last rows come into sight: where there may be more, they are to be read
 * @slot empty for a list without rows
 * @slot filtered for a list whose rows were all filtered out
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";
import { guard } from "lit/directives/guard.js";
import { ifDefined } from "lit/directives/if-defined.js";
import { repeat } from "lit/directives/repeat.js";

import { base } from "../styles/shared.ts";
import "./button.ts";
import { emit } from "./emit.ts";
import "./empty.ts";
import "./icon.ts";
import "./menu.ts";
import { tableStyles } from "./table-styles.ts";
import { type Column, type RowActions, type Sort, sortRows } from "./table-types.ts";
import { WindowOfRows } from "./window-of-rows.ts";

const NARROW_REM = 44;
const ROW_REM = 3.375;
const CARD_REM = 5;
const BONES = 6;
/** Rows below those in sight, when more are asked for: a quick scroll takes a while through them. */
const AHEAD = 100;

const remPx = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

@customElement("wr-table")
export class Table extends LitElement {
  static override styles = [base, tableStyles];

  /** What is listed. */
  @property() label = "";
  @property({ attribute: false }) columns: readonly Column[] = [];
  @property({ attribute: false }) rows: readonly unknown[] = [];
  @property({ attribute: false }) keyOf: (row: never) => string = () => "";
  @property({ attribute: false }) actions: RowActions | null = null;
  @property() status: "loading" | "failed" | "ready" = "loading";
  /** Why it failed. */
  @property() failure = "";
  /** Rows were left out because of what the person asked for. */
  @property({ type: Boolean }) filtered = false;
  /** Older rows are added below as somebody scrolls: only those on top are new. */
  @property({ type: Boolean }) endless = false;
  @property({ attribute: false }) sort: Sort | null = null;
  /** Keys of chosen rows; null: rows cannot be chosen. */
  @property({ attribute: false }) selected: ReadonlySet<string> | null = null;

  @state() private isNarrow = false;
  @query(".body") private body!: HTMLElement | null;
  #sorted: readonly unknown[] = [];
  /** Asked for before anything is drawn: afterwards the browser would have to style it all to answer. */
  #remPx = 0;
  /** Counts drawings for any other reason than scrolling, which leaves the rows that stay as they are. */
  #drawing = 0;
  /** Keys of the rows shown before, to tell new ones. Null until there were any. */
  #known: ReadonlySet<string> | null = null;
  #new: ReadonlySet<string> = new Set();
  readonly #resized = new ResizeObserver(([entry]) => {
    if (entry) this.isNarrow = entry.contentRect.width < NARROW_REM * remPx();
  });
  readonly #window = new WindowOfRows(this, () => ({
    element: this.body,
    count: this.#sorted.length,
    rowPx: this.#rowPx,
  }));

  override connectedCallback(): void {
    super.connectedCallback();
    this.#resized.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#resized.disconnect();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    this.#remPx = remPx();
    if (changed.size > 0) this.#drawing += 1;
    if (changed.has("rows") || changed.has("sort") || changed.has("columns")) {
      this.#sorted = sortRows(this.rows, this.columns, this.sort);
    }
    if (!changed.has("rows") || this.status !== "ready") return;
    if (this.endless) return this.#noteTop();
    const keys = new Set(this.rows.map((row) => this.#key(row)));
    const known = this.#known;
    this.#new = known === null || this.filtered ? new Set() : keys.difference(known);
    this.#known = known === null || !this.filtered ? keys : known.union(keys);
  }

  /** The rows above the one that was the first. */
  #noteTop(): void {
    const top = this.#known?.values().next().value;
    const above = top === undefined ? 0 : this.rows.findIndex((row) => this.#key(row) === top);
    this.#new = new Set(this.rows.slice(0, Math.max(0, above)).map((row) => this.#key(row)));
    this.#known = new Set(this.rows.slice(0, 1).map((row) => this.#key(row)));
  }

  override updated(): void {
    const tracks = this.columns.map(({ width }) => width);
    if (this.selected !== null) tracks.unshift("1rem");
    if (this.actions?.entries) tracks.push("2.25rem");
    this.style.setProperty("--columns", tracks.join(" "));
    this.style.setProperty("--row", `${this.#rowPx}px`);
    this.body?.style.setProperty("padding-block", this.#padding);
    if (this.status === "ready" && this.#sorted.length - this.#window.span.to < AHEAD) emit(this, "end");
  }

  override render(): TemplateResult {
    return html`<div class="frame ${this.isNarrow ? "narrow" : ""}">${this.#renderInside()}</div>`;
  }

  #renderInside(): TemplateResult {
    if (this.status === "failed") {
      return html`<wr-empty
        icon="alert"
        tone="bad"
        heading="This list could not be read"
        text=${this.failure}
      >
        <wr-button @click=${() => emit(this, "retry")}><wr-icon name="refresh"></wr-icon>Try again</wr-button>
      </wr-empty>`;
    }
    if (this.status === "loading") {
      return html`<div class="visually-hidden" role="status">Loading ${this.label}…</div>
        <div class="body" aria-hidden="true">
          ${Array.from({ length: BONES }, () => this.#renderBones())}
        </div>`;
    }
    if (this.rows.length === 0) return html`<slot name=${this.filtered ? "filtered" : "empty"}></slot>`;
    return html`<div role="table" aria-label=${this.label} aria-rowcount=${this.rows.length + 1}>
      <div role="rowgroup">${this.#renderHead()}</div>
      <div class="body" role="rowgroup">${this.#renderRows()}</div>
    </div>`;
  }

  #renderBones(): TemplateResult {
    const check = this.selected === null ? nothing : html`<div></div>`;
    return html`<div class="row">${check}${this.columns.map(() => html`<div class="bone"></div>`)}</div>`;
  }

  #renderHead(): TemplateResult {
    return html`<div class="row head" role="row" aria-rowindex="1">
      ${this.selected === null ? nothing : this.#renderCheckAll(this.selected)}
      ${this.columns.map((column) => this.#renderHeader(column))}
      ${this.actions?.entries ? html`<div role="columnheader"><span class="visually-hidden">Actions</span></div>` : nothing}
    </div>`;
  }

  #renderHeader({ key, label, sortBy }: Column): TemplateResult {
    if (sortBy === undefined) return html`<div role="columnheader">${label}</div>`;
    const direction =
      this.sort?.key === key ? (this.sort.descending ? "descending" : "ascending") : undefined;
    const icon = direction === undefined ? "sort" : direction === "descending" ? "down" : "up";
    return html`<div role="columnheader" aria-sort=${ifDefined(direction)}>
      <button type="button" @click=${() => this.#sortBy(key)}>
        ${label}<wr-icon name=${icon}></wr-icon>
      </button>
    </div>`;
  }

  #renderCheckAll(selected: ReadonlySet<string>): TemplateResult {
    const all = this.rows.length > 0 && this.rows.every((row) => selected.has(this.#key(row)));
    return html`<div class="all" role="columnheader">
      <input
        type="checkbox"
        aria-label="Select all"
        .checked=${all}
        .indeterminate=${!all && selected.size > 0}
        @change=${() => this.#select(all ? new Set() : new Set(this.rows.map((row) => this.#key(row))))}
      />
    </div>`;
  }

  #renderRows(): unknown {
    const { from, to } = this.#window.span;
    return repeat(
      this.#sorted.slice(from, to),
      (row) => this.#key(row),
      (row, index) => guard([this.#drawing], () => this.#renderRow(row, from + index + 2)),
    );
  }

  #renderRow(row: unknown, rowIndex: number): TemplateResult {
    const key = this.#key(row);
    const isSelected = this.selected?.has(key) === true;
    const href = this.actions?.href?.(row);
    const classes = `row${isSelected ? " selected" : ""}${this.#new.has(key) ? " new" : ""}${href === undefined ? "" : " leads"}`;
    return html`<div
      class=${classes}
      role="row"
      aria-rowindex=${rowIndex}
      @click=${(event: MouseEvent) => this.#lead(event, href)}
    >
      ${this.selected === null ? nothing : this.#renderCheck(row, isSelected)}
      ${this.isNarrow ? this.#renderCard(row) : this.columns.map((column) => this.#renderCell(column, row))}
      ${this.#renderMenu(row)}
    </div>`;
  }

  #renderCell({ narrow, render }: Column, row: unknown): TemplateResult {
    return html`<div class="cell ${this.isNarrow ? narrow : ""}" role="cell">${render(row)}</div>`;
  }

  #renderCard(row: unknown): unknown {
    const details = this.columns.filter(({ narrow }) => narrow === "details");
    const others = this.columns.filter(({ narrow }) => narrow !== "details" && narrow !== "nowhere");
    return html`${others.map((column) => this.#renderCell(column, row))}
      <div class="details" role="cell">
        ${details.map(({ render }) => html`<span>${render(row)}</span>`)}
      </div>`;
  }

  #renderCheck(row: unknown, isSelected: boolean): TemplateResult {
    return html`<div class="check" role="cell">
      <input
        type="checkbox"
        aria-label="Select ${this.actions?.nameOf(row) ?? ""}"
        .checked=${isSelected}
        @change=${() => this.#toggle(this.#key(row))}
      />
    </div>`;
  }

  #renderMenu(row: unknown): TemplateResult | typeof nothing {
    const { actions } = this;
    if (actions?.entries === undefined) return nothing;
    return html`<div class="menu" role="cell">
      <wr-menu label="Actions for ${actions.nameOf(row)}" small align-end .entries=${actions.entries(row)}>
        <wr-icon name="more"></wr-icon>
      </wr-menu>
    </div>`;
  }

  get #rowPx(): number {
    return (this.isNarrow ? CARD_REM : ROW_REM) * this.#remPx;
  }

  /** Stands for the rows that are not drawn. */
  get #padding(): string {
    if (this.status !== "ready") return "0";
    const { from, to } = this.#window.span;
    return `${from * this.#rowPx}px ${(this.#sorted.length - to) * this.#rowPx}px`;
  }

  #key(row: unknown): string {
    return (this.keyOf as (row: unknown) => string)(row);
  }

  #sortBy(key: string): void {
    const { sort } = this;
    this.sort = { key, descending: sort?.key === key ? !sort.descending : false };
  }

  #toggle(key: string): void {
    const selected = new Set(this.selected);
    if (!selected.delete(key)) selected.add(key);
    this.#select(selected);
  }

  #select(selected: ReadonlySet<string>): void {
    this.selected = selected;
    emit(this, "select");
  }

  /** The row is as good as the link in it, except where something else was pressed, or text selected. */
  #lead(event: MouseEvent, href: string | undefined): void {
    if (href === undefined || getSelection()?.isCollapsed === false) return;
    const isOther = event
      .composedPath()
      .some((node) => node instanceof HTMLElement && node.matches("a, button, input, wr-menu, [popover]"));
    if (isOther) return;
    const link = (event.currentTarget as HTMLElement).querySelector<HTMLAnchorElement>("a[href]");
    link?.dispatchEvent(
      new MouseEvent("click", {
        bubbles: true,
        composed: true,
        cancelable: true,
        ctrlKey: event.ctrlKey,
        metaKey: event.metaKey,
      }),
    );
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-table": Table;
  }
}
