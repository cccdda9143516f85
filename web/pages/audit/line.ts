/** One audit event as a line: its status as a stripe, who, and what they did. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../../components/icon.ts";
import "../../components/time.ts";
import type { AuditRow } from "../../state/audit.ts";
import { base } from "../../styles/shared.ts";
import { shortId } from "../../text/format.ts";
import { type NameOf, sayWhat } from "./sentences.ts";

@customElement("wr-audit-line")
export class AuditLine extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        container-type: inline-size;
      }

      /* Along the edge of the row, which it is placed in. */
      .stripe {
        position: absolute;
        inset: 0.5rem auto 0.5rem 0;
        width: 3px;
        border-radius: 0 3px 3px 0;
        background: var(--line-strong);
      }

      .success {
        background: var(--good);
      }

      .warning {
        background: var(--warn);
      }

      .error {
        background: var(--bad);
      }

      .sentence {
        --copy-mark: none;
        --copy-overlap: -0.75rem;
        color: var(--ink-soft);
        overflow: hidden;
        text-overflow: ellipsis;
      }

      b,
      .actor,
      a,
      wr-copy {
        color: var(--ink);
        font-weight: 500;
      }

      wr-copy {
        margin-inline: -0.375rem;
        vertical-align: bottom;
      }

      .actor.system {
        color: inherit;
      }

      .key {
        display: inline-block;
        max-width: 100%;
        padding: 0 0.5rem 0 0.375rem;
        border-radius: 1rem;
        background: var(--accent-soft);
        color: var(--accent);
        font-size: var(--text-sm);
        font-weight: 500;
        line-height: 1.25rem;
        overflow: hidden;
        text-overflow: ellipsis;
        /* On the line of the words around it: what hides its overflow stands on its lower edge. */
        vertical-align: -0.375rem;
        white-space: nowrap;
      }

      .key wr-icon {
        margin-inline-end: 0.25rem;
        vertical-align: -0.25em;
      }

      .when {
        display: none;
        color: var(--ink-faint);
        font-size: var(--text-xs);
      }

      @container (max-width: 34rem) {
        .sentence {
          display: -webkit-box;
          -webkit-box-orient: vertical;
          -webkit-line-clamp: 2;
          font-size: var(--text-sm);
          line-height: 1.4;
          overflow-wrap: anywhere;
          white-space: normal;
        }

        .when {
          display: block;
        }
      }
    `,
  ];

  @property({ attribute: false }) row: AuditRow | null = null;
  @property({ attribute: false }) nameOf: NameOf = () => null;

  override render(): TemplateResult | typeof nothing {
    const { row } = this;
    if (row === null) return nothing;
    return html`<span class="stripe ${row.status}" title=${row.status}></span>
      <div class="sentence">
        <span class="visually-hidden">${row.status}: </span>${this.#renderActor(row)}
        ${sayWhat(row, this.nameOf)}
      </div>
      <wr-time class="when" value=${row.created_at}></wr-time>`;
  }

  #renderActor({ actor_type: type, actor_name: name, actor_id: id }: AuditRow): TemplateResult {
    if (type === "system") return html`<span class="actor system">Wrenn</span>`;
    const shown = name ?? (id === null ? "Somebody" : shortId(id));
    if (type === "user") return html`<span class="actor">${shown}</span>`;
    return html`<span class="key" title="An API key"
      ><wr-icon name="key"></wr-icon><span class="visually-hidden">API key </span>${shown}</span
    >`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-audit-line": AuditLine;
  }
}
