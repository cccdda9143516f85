/**
 * All that is known of one audit event.
 *
 * @fires close
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query } from "lit/decorators.js";

import "../../components/button.ts";
import "../../components/copy.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import { emit } from "../../components/emit.ts";
import type { AuditRow } from "../../state/audit.ts";
import { base } from "../../styles/shared.ts";
import { formatExact, shortId } from "../../text/format.ts";

@customElement("wr-audit-details")
export class AuditDetails extends LitElement {
  static override styles = [
    base,
    css`
      dl {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--s2) var(--s4);
        align-items: baseline;
      }

      dt {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      dd {
        min-width: 0;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) row: AuditRow | null = null;
  /** It is in the platform's trail. */
  @property({ type: Boolean }) platform = false;
  @query("wr-dialog") private dialog!: Dialog;

  override render(): TemplateResult | typeof nothing {
    const { row } = this;
    if (row === null) return nothing;
    const id = (value: string | null, label: string): unknown =>
      value === null
        ? nothing
        : html`<wr-copy
            chip
            label=${label}
            value=${value}
            text=${value.length > 40 ? shortId(value) : value}
          ></wr-copy>`;
    const facts: readonly [string, unknown][] = [
      ["When", formatExact(new Date(row.created_at))],
      ["Who", html`${row.actor_name ?? row.actor_type} ${id(row.actor_id, "actor id")}`],
      ["What", html`<code>${row.resource_type}.${row.action}</code>`],
      ["Of", id(row.resource_id, "resource id")],
      ["Status", row.status],
      ["Seen by", this.#readers(row)],
      ...Object.entries(row.metadata as Record<string, unknown>).map(([key, value]): [string, unknown] => [
        key.replaceAll("_", " "),
        typeof value === "string" ? value : JSON.stringify(value),
      ]),
      ["Place", `${row.seq} in the chain`],
      [
        "Hash",
        html`<wr-copy chip label="hash" value=${row.hash} text="${row.hash.slice(0, 16)}…"></wr-copy>`,
      ],
    ];
    return html`<wr-dialog open heading="Event ${row.seq}" @close=${() => emit(this, "close")}>
      <dl>
        ${facts.map(
          ([name, value]) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
      </dl>
      <wr-button slot="actions" autofocus @click=${() => this.dialog.close()}>Close</wr-button>
    </wr-dialog>`;
  }

  #readers({ scope }: AuditRow): string {
    if (this.platform) return "Platform admins";
    return scope === "admin" ? "Owner and admins" : "Everybody in the team";
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-audit-details": AuditDetails;
  }
}
