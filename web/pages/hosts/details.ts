/**
 * What there is to know of a host: the machine, what is on it, what it is busy with. Read again at each of its
 * events.
 *
 * @fires close
 */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { describeFailure } from "../../api/failure.ts";
import "../../components/badge.ts";
import "../../components/button.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import { emit } from "../../components/emit.ts";
import "../../components/id.ts";
import "../../components/progress.ts";
import "../../components/time.ts";
import { type Host, type HostDetail, readHost } from "../../state/hosts.ts";
import { base } from "../../styles/shared.ts";
import { plural } from "../../text/format.ts";
import type { ReadUsage } from "../usage/measure.ts";
import { renderBeat } from "./columns.ts";
import { factsOf } from "./facts.ts";
import "../usage/usage.ts";
import { stateOf } from "./state-of.ts";
import { describeWork, EMULATED, explainState, renderAccelerator, renderState } from "./status.ts";
import { isSameMachine, usageOfHost } from "./usage.ts";

@customElement("wr-host-details")
export class HostDetails extends LitElement {
  static override styles = [
    base,
    css`
      wr-dialog {
        --dialog-width: 40rem;
      }

      .content {
        display: grid;
        gap: var(--s4);
        overflow-wrap: anywhere;
      }

      .state {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s4);
        align-items: center;
      }

      dl {
        display: grid;
        grid-template-columns: minmax(7rem, auto) minmax(0, 1fr);
        gap: var(--s2) var(--s4);
      }

      dt,
      .soft {
        color: var(--ink-soft);
      }

      .note {
        padding: var(--s3) var(--s4);
        border-radius: var(--radius);
        background: var(--warn-soft);
      }

      .bad {
        background: var(--bad-soft);
      }

      .work {
        display: grid;
        gap: var(--s1);
      }

      ul {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1);
      }
    `,
  ];

  /** As it is now. */
  @property({ attribute: false }) host: Host | null = null;
  @state() private detail: HostDetail | null = null;
  @state() private failure = "";
  /** None of a machine that has not joined. */
  @state() private usage: ReadUsage | null = null;
  @query("wr-dialog") private dialog!: Dialog;
  /** Counts readings, so that a late one is left out. */
  #reading = 0;

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("host")) return;
    void this.#read();
    const { host } = this;
    if (isSameMachine(changed.get("host"), host)) return;
    this.usage = host === null || host.memory_mb === null ? null : usageOfHost(host);
  }

  override render(): TemplateResult {
    const { host } = this;
    return html`<wr-dialog
      open
      heading=${host?.name ?? "This host is gone"}
      @close=${() => emit(this, "close")}
    >
      ${host === null ? html`<p>Somebody deleted it.</p>` : this.#renderHost(host)}
      <wr-button slot="actions" autofocus @click=${() => this.dialog.close()}>Close</wr-button>
    </wr-dialog>`;
  }

  #renderHost(host: Host): TemplateResult {
    const why = explainState(host);
    return html`<div class="content">
      <div class="state">
        ${renderState(host)} ${renderAccelerator(host)}
        ${host.draining ? html`<wr-badge tone="warn">draining: takes no new sandboxes</wr-badge>` : nothing}
        <span class="soft"
          >${host.last_heartbeat_at === null ? nothing : html`Heartbeat ${renderBeat(host)}`}</span
        >
      </div>
      ${why === "" ? nothing : html`<p class="note bad">${why}</p>`}
      ${host.accelerator === "emulated" ? html`<p class="note">${EMULATED}</p>` : nothing}
      <dl>
        ${factsOf(host).map(
          ({ name, value }) =>
            html`<dt>${name}</dt>
              <dd>${value}</dd>`,
        )}
        ${this.#renderOccupied()}
      </dl>
      ${this.failure === "" ? nothing : html`<p class="note bad" role="alert">${this.failure}</p>`}
      ${this.detail?.work.map((work) => this.#renderWork(work))}
      ${
        this.usage === null
          ? nothing
          : html`<wr-usage .read=${this.usage} count="4" ?live=${stateOf(host) === "online"}></wr-usage>`
      }
    </div>`;
  }

  #renderOccupied(): TemplateResult {
    const { detail } = this;
    if (detail === null)
      return html`<dt>Sandboxes</dt>
        <dd class="soft">…</dd>`;
    const { running, paused, missing } = detail.sandboxes;
    const lost = missing === 0 ? "" : `, ${plural(missing, "one", `${missing}`)} not accounted for`;
    return html`<dt>Sandboxes</dt>
      <dd>${running} running, ${paused} paused${lost}</dd>
      <dt>Templates</dt>
      <dd>
        ${
          detail.templates.length === 0
            ? html`<span class="soft">none yet</span>`
            : html`<ul>
                ${detail.templates.map((name) => html`<li><wr-badge>${name}</wr-badge></li>`)}
              </ul>`
        }
      </dd>
      ${
        detail.quarantined.length === 0
          ? nothing
          : html`<dt>Quarantined</dt>
              <dd>${detail.quarantined.map((id) => html`<wr-id label="sandbox" value=${id}></wr-id> `)}</dd>`
      }`;
  }

  #renderWork(work: HostDetail["work"][number]): TemplateResult {
    const label = describeWork(work);
    return html`<div class="work">
      <p>${label} <span class="soft">${work.step}</span></p>
      <wr-progress label=${label} .value=${work.progress}></wr-progress>
      ${work.error === "" ? nothing : html`<p class="note bad">${work.error}</p>`}
    </div>`;
  }

  async #read(): Promise<void> {
    this.#reading += 1;
    const reading = this.#reading;
    if (this.host === null) return;
    try {
      const detail = await readHost(this.host.id);
      if (reading !== this.#reading) return;
      this.detail = detail;
      this.failure = "";
    } catch (error) {
      if (reading === this.#reading) this.failure = describeFailure(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-host-details": HostDetails;
  }
}
