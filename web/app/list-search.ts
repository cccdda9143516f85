/**
 * What a page's list is searched for. It stands in the address: the words as `q`, what else narrows the list under
 * names of the page's own, each with its values by comma.
 */
import { html, type LitElement, type TemplateResult } from "lit";

import "../components/button.ts";
import "../components/empty.ts";
import "../components/search.ts";
import type { Search } from "../components/search.ts";
import { noteQuery, place } from "../router.ts";
import { Watch } from "../state/watch.ts";
import { withWords } from "../text/words.ts";

interface Words {
  /** What is searched: `Search templates`. */
  label: string;
  placeholder: string;
  /** Said when nothing is left. */
  nothing: string;
}

export class ListSearch<Filter extends string = never> {
  readonly #place: Watch<typeof place.value>;

  /** @param filters names of what else narrows the list */
  constructor(
    host: LitElement,
    private readonly words: Words,
    private readonly filters: readonly Filter[] = [],
  ) {
    this.#place = new Watch(host, place);
  }

  /** As it was typed; empty: it narrows nothing. */
  get text(): string {
    return this.#place.value.query.get("q") ?? "";
  }

  /** The values that were chosen of a filter; none: it narrows nothing. */
  chosen(filter: Filter): readonly string[] {
    return (this.#place.value.query.get(filter) ?? "").split(",").filter((value) => value !== "");
  }

  get isNarrowed(): boolean {
    return this.text !== "" || this.filters.some((filter) => this.chosen(filter).length > 0);
  }

  /** Those in whose texts each word stands. */
  found<T>(items: readonly T[], textsOf: (item: T) => readonly (string | null | undefined)[]): readonly T[] {
    return withWords(items, this.text, textsOf);
  }

  /** For the bar above the list. */
  renderField(): TemplateResult {
    const { label, placeholder } = this.words;
    return html`<wr-search
      data-search
      label=${label}
      placeholder=${placeholder}
      value=${this.text}
      @change=${(event: Event) => noteQuery({ q: (event.currentTarget as Search).value })}
    ></wr-search>`;
  }

  /** For the list's slot `filtered`. */
  renderNothing(): TemplateResult {
    const all = ["q", ...this.filters];
    const what = this.filters.length === 0 ? "search" : "filters";
    return html`<wr-empty slot="filtered" icon="search" heading="Nothing fits" text=${this.words.nothing}>
      <wr-button @click=${() => noteQuery(Object.fromEntries(all.map((name) => [name, null])))}
        >Clear the ${what}</wr-button
      >
    </wr-empty>`;
  }
}
