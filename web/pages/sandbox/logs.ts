/** What a sandbox's console and its guest agent said last. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import "../../components/button.ts";
import { copyText } from "../../components/clipboard.ts";
import "../../components/empty.ts";
import "../../components/icon.ts";
import "../../components/tabs.ts";
import type { Tabs } from "../../components/tabs.ts";
import { readLogs } from "../../state/inspect.ts";
import { Reading } from "../../state/reading.ts";
import { hasEnded, type Sandbox } from "../../state/sandboxes.ts";
import { showToast } from "../../state/toasts.ts";
import { base } from "../../styles/shared.ts";
import { toPlain } from "../../text/plain.ts";
import { describeReason } from "../sandboxes/status.ts";

const SOURCES = [
  { value: "console", label: "Console" },
  { value: "guest_agent", label: "Guest agent" },
] as const;

@customElement("wr-sandbox-logs")
export class SandboxLogs extends LitElement {
  static override styles = [
    base,
    css`
      .bar {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s3);
        align-items: center;
        justify-content: space-between;
        margin-bottom: var(--s3);
      }

      .buttons {
        display: flex;
        gap: var(--s2);
      }

      pre {
        height: max(18rem, calc(100dvh - 21rem));
        margin: 0;
        padding: var(--s3) var(--s4);
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--sunken);
        font: 400 var(--text-sm) / 1.55 var(--mono);
        white-space: pre-wrap;
        overflow-wrap: anywhere;
        overflow-y: auto;
      }

      .none {
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) sandbox: Sandbox | null = null;
  @state() private source: (typeof SOURCES)[number]["value"] = "console";
  @query("pre") private text!: HTMLElement | null;
  readonly #logs = new Reading(this, () => readLogs(this.sandbox?.id ?? ""));
  #shown = "";

  override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get("sandbox");
    if (changed.has("sandbox") && before?.status !== this.sandbox?.status) void this.#logs.read();
  }

  override updated(): void {
    const { text } = this;
    const shown = `${this.source} ${this.#content}`;
    if (text === null || shown === this.#shown) return;
    this.#shown = shown;
    // The newest is at the end.
    text.scrollTop = text.scrollHeight;
  }

  override render(): TemplateResult | typeof nothing {
    const { sandbox } = this;
    if (sandbox === null) return nothing;
    const { state, failure } = this.#logs;
    if (state === "failed")
      return hasEnded(sandbox) ? this.#renderEnded(sandbox) : this.#renderFailed(failure);
    return html`<div class="bar">
        <wr-tabs
          label="Logs"
          .tabs=${SOURCES}
          chosen=${this.source}
          @change=${(event: Event) => {
            this.source = (event.currentTarget as Tabs).chosen as typeof this.source;
          }}
        ></wr-tabs>
        <div class="buttons">
          <wr-button small @click=${() => void this.#copy()}><wr-icon name="copy"></wr-icon>Copy</wr-button>
          <wr-button small @click=${() => void this.#logs.read()}
            ><wr-icon name="refresh"></wr-icon>Refresh</wr-button
          >
        </div>
      </div>
      <pre tabindex="0" role="region" aria-label="Log" aria-busy=${state === "loading"}>
${this.#content || html`<span class="none">${state === "loading" ? "Reading…" : "Nothing was written yet."}</span>`}</pre>`;
  }

  #renderEnded({ status, status_reason: reason }: Sandbox): TemplateResult {
    const why = reason === "" ? "" : `Why: ${describeReason(reason)}. `;
    return html`<wr-empty
      icon="alert"
      tone=${status === "error" ? "bad" : "plain"}
      heading=${status === "error" ? "This sandbox failed" : "This sandbox has ended"}
      text="${why}Its host keeps no console of a sandbox that is gone. The activity tells what happened to it."
    ></wr-empty>`;
  }

  #renderFailed(failure: string): TemplateResult {
    return html`<wr-empty icon="alert" tone="bad" heading="The logs could not be read" text=${failure}>
      <wr-button @click=${() => void this.#logs.read()}>Try again</wr-button>
    </wr-empty>`;
  }

  get #content(): string {
    return toPlain(this.#logs.value?.[this.source] ?? "");
  }

  async #copy(): Promise<void> {
    if (await copyText(this.#content)) showToast("The log is copied.");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-logs": SandboxLogs;
  }
}
