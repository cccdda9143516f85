/**
 * A list of hosts with all that can be done to one. What it says while it is empty is put in from outside.
 *
 * @fires retry when the list is to be read again
 * @slot empty for a list without hosts
 * @slot filtered for a list whose hosts were all filtered out
 */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import { emit } from "../../components/emit.ts";
import "../../components/table.ts";
import type { Column, RowActions } from "../../components/table-types.ts";
import type { Host } from "../../state/hosts.ts";
import type { ListState } from "../../state/live-list.ts";
import { base } from "../../styles/shared.ts";
import { entriesFor } from "./actions.ts";
import { hostColumns } from "./columns.ts";
import "./details.ts";
import "./join.ts";

@customElement("wr-host-table")
export class HostTable extends LitElement {
  static override styles = base;

  /** What is listed. */
  @property() label = "Hosts";
  @property({ attribute: false }) list: ListState<Host> = { kind: "loading" };
  /** Those of the list that are shown. */
  @property({ attribute: false }) rows: readonly Host[] = [];
  @property({ type: Boolean }) filtered = false;

  /** Ids; empty: none. */
  @state() private shown = "";
  @state() private reissued = "";

  readonly #columns: readonly Column<Host>[] = hostColumns(({ id }) => {
    this.shown = id;
  });

  override render(): TemplateResult {
    const { list } = this;
    return html`<wr-table
        label=${this.label}
        status=${list.kind}
        failure=${list.kind === "failed" ? list.failure.message : ""}
        ?filtered=${this.filtered}
        .columns=${this.#columns}
        .rows=${this.rows}
        .keyOf=${({ id }: Host) => id}
        .actions=${this.#actions}
        @retry=${() => emit(this, "retry")}
      >
        <slot name="empty" slot="empty"></slot>
        <slot name="filtered" slot="filtered"></slot>
      </wr-table>
      ${this.#renderDialogs()}`;
  }

  #renderDialogs(): TemplateResult {
    const reissued = this.#find(this.reissued);
    return html`${
      this.shown === ""
        ? nothing
        : html`<wr-host-details
            .host=${this.#find(this.shown)}
            @close=${() => {
              this.shown = "";
            }}
          ></wr-host-details>`
    }
    ${
      reissued === null
        ? nothing
        : html`<wr-join-host
            .host=${reissued}
            .hosts=${this.#hosts}
            @close=${() => {
              this.reissued = "";
            }}
          ></wr-join-host>`
    }`;
  }

  readonly #actions: RowActions<Host> = {
    nameOf: ({ name }) => name,
    entries: (host) =>
      entriesFor(host, {
        show: ({ id }) => {
          this.shown = id;
        },
        reissue: ({ id }) => {
          this.reissued = id;
        },
      }),
  };

  get #hosts(): readonly Host[] {
    return this.list.kind === "ready" ? this.list.items : [];
  }

  #find(id: string): Host | null {
    return this.#hosts.find((host) => host.id === id) ?? null;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-host-table": HostTable;
  }
}
