/**
 * Gives a sandbox another timeout, counted from now.
 *
 * @fires close
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import { emit } from "../../components/emit.ts";
import "../../components/select.ts";
import type { Choice, Select } from "../../components/select.ts";
import { type Sandbox, setSandboxTimeout } from "../../state/sandboxes.ts";
import { showToast } from "../../state/toasts.ts";
import { form } from "../../styles/form.ts";
import { base } from "../../styles/shared.ts";
import { formatDuration } from "../../text/format.ts";
import { ON_TIMEOUT, TIMEOUTS } from "../sandboxes/launch-choices.ts";

/** What it has now is among the choices, whatever it is. */
const choicesFor = (timeoutSec: number): readonly Choice[] => {
  const value = String(timeoutSec);
  if (TIMEOUTS.some((choice) => choice.value === value)) return TIMEOUTS;
  return [{ value, label: `As it is (${formatDuration(timeoutSec * 1_000)})` }, ...TIMEOUTS];
};

@customElement("wr-sandbox-timeout")
export class SandboxTimeout extends LitElement {
  static override styles = [
    base,
    form,
    css`
      p {
        color: var(--ink-soft);
      }

      .error {
        color: var(--ink);
      }
    `,
  ];

  @property({ attribute: false }) sandbox: Sandbox | null = null;
  @state() private isBusy = false;
  @state() private failure: unknown = null;
  /** As the person chose; null: as it is. */
  @state() private timeoutSec: string | null = null;
  @state() private onTimeout: string | null = null;
  @query("wr-dialog") private dialog!: Dialog;
  @query("form") private form!: HTMLFormElement;

  override render(): TemplateResult | typeof nothing {
    const { sandbox } = this;
    if (sandbox === null) return nothing;
    const timeoutSec = this.timeoutSec ?? String(sandbox.timeout_sec);
    return html`<wr-dialog
      open
      heading="Change the timeout"
      ?held=${this.isBusy}
      @close=${() => emit(this, "close")}
    >
      <form @submit=${this.#submit}>
        <p>It counts from now, and starts over whenever the sandbox is used.</p>
        <wr-select
          autofocus
          label="Idle timeout"
          value=${timeoutSec}
          .choices=${choicesFor(sandbox.timeout_sec)}
          @change=${(event: Event) => {
            this.timeoutSec = (event.currentTarget as Select).value;
          }}
        ></wr-select>
        <wr-select
          label="When it runs out"
          value=${this.onTimeout ?? sandbox.on_timeout}
          ?disabled=${timeoutSec === "0"}
          .choices=${ON_TIMEOUT}
          @change=${(event: Event) => {
            this.onTimeout = (event.currentTarget as Select).value;
          }}
        ></wr-select>
        ${
          this.failure === null
            ? nothing
            : html`<p class="error" role="alert">${describeFailure(this.failure)}</p>`
        }
      </form>
      <wr-button slot="actions" ?disabled=${this.isBusy} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button slot="actions" kind="primary" ?busy=${this.isBusy} @click=${() => this.form.requestSubmit()}
        >Change timeout</wr-button
      >
    </wr-dialog>`;
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const { sandbox } = this;
    if (sandbox === null || this.isBusy) return;
    this.isBusy = true;
    this.failure = null;
    const onTimeout = this.onTimeout ?? sandbox.on_timeout;
    try {
      await setSandboxTimeout(sandbox.id, {
        timeout_sec: Number(this.timeoutSec ?? sandbox.timeout_sec),
        on_timeout: onTimeout === "kill" ? "kill" : "pause",
      });
      this.isBusy = false;
      await this.updateComplete;
      this.dialog.close();
      showToast("The timeout is changed.");
    } catch (error) {
      this.isBusy = false;
      this.failure = error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-timeout": SandboxTimeout;
  }
}
