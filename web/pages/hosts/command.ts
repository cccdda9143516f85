/** What a new token is for: the command to paste, and what came of it, as it happens. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../../components/copy.ts";
import "../../components/dot.ts";
import "../../components/drawn-check.ts";
import "../../components/time.ts";
import type { Host, Registration } from "../../state/hosts.ts";
import { base } from "../../styles/shared.ts";
import { describeSize } from "./columns.ts";
import { stateOf } from "./state-of.ts";
import { renderAccelerator } from "./status.ts";

@customElement("wr-host-command")
export class HostCommand extends LitElement {
  static override styles = [
    base,
    css`
      :host {
        display: grid;
        gap: var(--s4);
      }

      .outcome {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--s3);
        align-items: center;
        overflow-wrap: anywhere;
      }

      .soft,
      summary {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      .waits {
        padding: var(--s3) var(--s4);
        border-radius: var(--radius);
        background: var(--sunken);
      }

      details wr-copy {
        margin-top: var(--s2);
      }

      summary {
        width: fit-content;
        cursor: pointer;
      }
    `,
  ];

  @property({ attribute: false }) registration: Registration | null = null;
  /** As it is now. */
  @property({ attribute: false }) host: Host | null = null;

  override render(): TemplateResult {
    const { registration, host } = this;
    if (registration === null || host === null) return html``;
    if (stateOf(host) === "online") return this.#renderOnline(host);
    return html`<div class="outcome">
        <wr-drawn-check></wr-drawn-check>
        <p>
          <b>${host.name}</b> has a token. Run this on the machine, as root: it fetches the agent, checks the
          machine, joins, and stays as a service.
        </p>
      </div>
      <wr-copy label="command" value=${registration.command}></wr-copy>
      <p class="soft">
        It works once, and ends <wr-time value=${registration.expires_at}></wr-time>. It is shown this once.
      </p>
      <details>
        <summary>The token alone</summary>
        <wr-copy label="token" value=${registration.token}></wr-copy>
      </details>
      <p class="waits" role="status"><wr-dot tone="busy">Waiting for the machine to join…</wr-dot></p>`;
  }

  #renderOnline(host: Host): TemplateResult {
    return html`<div class="outcome" role="status">
      <wr-drawn-check></wr-drawn-check>
      <p><b>${host.name}</b> is online. ${describeSize(host)} ${renderAccelerator(host)}</p>
    </div>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-host-command": HostCommand;
  }
}
