/** Uploads and downloads of one sandbox: how far each is, and a way to stop it. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import "../../../components/button.ts";
import "../../../components/icon.ts";
import "../../../components/progress.ts";
import { forgetOver, stopTransfer, type Transfer, transfers } from "../../../state/transfers.ts";
import { Watch } from "../../../state/watch.ts";
import { base } from "../../../styles/shared.ts";
import { formatBytes } from "../../../text/format.ts";
import { nameOf } from "../../../text/paths.ts";

const isOpen = ({ state }: Transfer): boolean => state === "waiting" || state === "running";

const WORDS: Record<Transfer["state"], string> = {
  waiting: "waiting",
  running: "",
  done: "done",
  failed: "failed",
  stopped: "stopped",
};

@customElement("wr-transfer-list")
export class TransferList extends LitElement {
  static override styles = [
    base,
    css`
      section {
        padding: var(--s3) var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
      }

      .top {
        display: flex;
        align-items: center;
        justify-content: space-between;
        min-height: 2rem;
      }

      h2 {
        font-size: var(--text-sm);
        font-weight: 600;
      }

      ul {
        display: grid;
        gap: var(--s2);
        max-height: 14rem;
        overflow-y: auto;
      }

      li {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto auto;
        gap: 0 var(--s3);
        align-items: center;
        min-height: 2rem;
        font-size: var(--text-sm);
      }

      .name {
        overflow: hidden;
        text-overflow: ellipsis;
        white-space: nowrap;
      }

      .how {
        color: var(--ink-soft);
        font-variant-numeric: tabular-nums;
      }

      wr-progress,
      .why {
        grid-column: 2 / 4;
      }

      .why {
        color: var(--bad);
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property() sandboxId = "";
  readonly #transfers = new Watch(this, transfers);

  override render(): TemplateResult | typeof nothing {
    const own = this.#transfers.value.filter(({ sandboxId }) => sandboxId === this.sandboxId);
    if (own.length === 0) return nothing;
    return html`<section aria-labelledby="transfers">
      <div class="top">
        <h2 id="transfers">Transfers</h2>
        ${own.some(isOpen) ? nothing : html`<wr-button small kind="quiet" @click=${forgetOver}>Clear</wr-button>`}
      </div>
      <ul>
        ${repeat(
          own,
          ({ id }) => id,
          (one) => this.#renderOne(one),
        )}
      </ul>
    </section>`;
  }

  #renderOne(one: Transfer): TemplateResult {
    const { id, kind, path, bytes, doneBytes, state, failure } = one;
    const name = nameOf(path);
    const done = bytes === 0 ? 1 : Math.min(doneBytes / bytes, 1);
    const how = state === "running" ? `${formatBytes(doneBytes)} of ${formatBytes(bytes)}` : WORDS[state];
    return html`<li>
      <wr-icon name=${kind}></wr-icon>
      <span class="name" title=${path}>${name}</span>
      <span class="how">${how}</span>
      ${
        isOpen(one)
          ? html`<wr-button
              small
              kind="quiet"
              label="Stop the ${kind} of ${name}"
              @click=${() => stopTransfer(id)}
              ><wr-icon name="close"></wr-icon
            ></wr-button>`
          : html`<span></span>`
      }
      ${state === "running" ? html`<wr-progress label="${kind === "upload" ? "Uploading" : "Downloading"} ${name}" .value=${done}></wr-progress>` : nothing}
      ${failure === "" ? nothing : html`<span class="why" role="alert">${failure}</span>`}
    </li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-transfer-list": TransferList;
  }
}
