/** Sandboxes on hosts that the database does not know: shown only while there are some. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

import "../../components/id.ts";
import "../../components/table.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import { FollowList } from "../../state/follow-list.ts";
import { quarantine, type Stranger } from "../../state/monitor.ts";
import { base } from "../../styles/shared.ts";

const COLUMNS: readonly Column<Stranger>[] = [
  {
    key: "sandbox",
    label: "Sandbox",
    width: "minmax(9rem, 1fr)",
    narrow: "title",
    render: ({ sandbox_id: id }) => html`<wr-id label="sandbox" value=${id}></wr-id>`,
  },
  {
    key: "host",
    label: "Host",
    width: "minmax(8rem, 1.5fr)",
    narrow: "details",
    render: ({ host_name: name }) => html`<span title=${name}>${name}</span>`,
    sortBy: ({ host_name: name }) => name,
  },
  {
    key: "seen",
    label: "First seen",
    width: "minmax(7rem, 1fr)",
    narrow: "details",
    render: ({ first_seen_at: at }) => html`<wr-time value=${at}></wr-time>`,
    sortBy: ({ first_seen_at: at }) => Date.parse(at),
  },
  {
    key: "ends",
    label: "Ended",
    width: "minmax(6rem, 1fr)",
    narrow: "aside",
    render: ({ ends_at: at }) => html`<wr-time value=${at}></wr-time>`,
    sortBy: ({ ends_at: at }) => Date.parse(at),
  },
];

@customElement("wr-quarantine")
export class Quarantine extends LitElement {
  static override styles = [
    base,
    css`
      section {
        display: grid;
        gap: var(--s3);
      }

      h2 {
        font-size: var(--text-lg);
        font-weight: 600;
      }

      p {
        max-width: 46rem;
        color: var(--ink-soft);
      }
    `,
  ];

  readonly #strangers = new FollowList(this, quarantine);

  override render(): TemplateResult | typeof nothing {
    const { state, items } = this.#strangers;
    if (state.kind === "loading" || (state.kind === "ready" && items.length === 0)) return nothing;
    return html`<section aria-label="Quarantined sandboxes">
      <h2>Quarantined sandboxes</h2>
      <p>
        Hosts have these, and the database knows nothing of them: perhaps it was restored from an older
        backup. They are paused and kept for a while, then ended. A newer backup brings them back.
      </p>
      <wr-table
        label="Quarantined sandboxes"
        status=${state.kind}
        failure=${state.kind === "failed" ? state.failure.message : ""}
        .columns=${COLUMNS}
        .rows=${items}
        .keyOf=${({ sandbox_id: id }: Stranger) => id}
        @retry=${() => void quarantine.reload()}
      ></wr-table>
    </section>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-quarantine": Quarantine;
  }
}
