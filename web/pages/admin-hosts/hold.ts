/** Says that the monitor holds, because so many hosts fell silent at once, and ends that when told. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import "../../components/button.ts";
import { askConfirm } from "../../components/confirm.ts";
import "../../components/icon.ts";
import "../../components/time.ts";
import { type Hold, releaseHold } from "../../state/monitor.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { base } from "../../styles/shared.ts";
import { plural } from "../../text/format.ts";

@customElement("wr-monitor-hold")
export class MonitorHold extends LitElement {
  static override styles = [
    base,
    css`
      section {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr) auto;
        gap: var(--s3) var(--s4);
        align-items: center;
        padding: var(--s4) var(--s5);
        border-radius: var(--radius-l);
        background: var(--warn-soft);
      }

      wr-icon {
        color: var(--warn);
        font-size: 1.25rem;
      }

      h2 {
        font-size: var(--text);
        font-weight: 600;
      }

      p {
        margin-top: var(--s1);
        overflow-wrap: anywhere;
      }

      @media (max-width: 40rem) {
        section {
          grid-template-columns: auto minmax(0, 1fr);
        }

        wr-button {
          grid-column: 2;
          justify-self: start;
        }
      }
    `,
  ];

  @property({ attribute: false }) hold: Hold | null = null;
  @state() private isBusy = false;

  override render(): TemplateResult {
    const { hold } = this;
    if (hold === null) return html``;
    return html`<section role="region" aria-label="Monitor">
      <wr-icon name="alert"></wr-icon>
      <div>
        <h2>${plural(hold.hosts.length, "host")} fell silent at once: none is marked lost yet</h2>
        <p>
          That is more often a network that is away than machines that died. It ends when one of them reports,
          or <wr-time value=${hold.ends_at}></wr-time>. Silent:
          ${hold.hosts.map(({ name }) => name).join(", ")}.
        </p>
      </div>
      <wr-button ?busy=${this.isBusy} @click=${() => void this.#release(hold)}>Release the hold…</wr-button>
    </section>`;
  }

  async #release({ hosts }: Hold): Promise<void> {
    const agreed = await askConfirm({
      heading: "Release the hold?",
      text: "Do it when these machines are really gone. They are marked unreachable, and their sandboxes missing until they come back.",
      ends: hosts.map(({ name }) => name),
      action: "Mark them lost",
    });
    if (!agreed) return;
    this.isBusy = true;
    try {
      await releaseHold();
      showToast("The hold is released.");
    } catch (error) {
      showFailure(error);
    } finally {
      this.isBusy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-monitor-hold": MonitorHold;
  }
}
