/** A sandbox at a glance: what it is, how long it has, what it uses, and how a program reaches it. */
import { css, html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import "../../components/button.ts";
import "../../components/copy.ts";
import "../../components/time.ts";
import { hasEnded, pingSandbox, type Sandbox } from "../../state/sandboxes.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { card } from "../../styles/card.ts";
import { base } from "../../styles/shared.ts";
import { formatDuration } from "../../text/format.ts";
import type { ReadUsage } from "../usage/measure.ts";
import { factsOf } from "./facts.ts";
import { snippetFor } from "./snippet.ts";
import "./timeout.ts";
import "../usage/usage.ts";
import { usageOfSandbox } from "./usage.ts";

@customElement("wr-sandbox-overview")
export class SandboxOverview extends LitElement {
  static override styles = [
    base,
    card,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s4);
      }

      .two {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr));
        gap: var(--s4);
        align-items: start;
      }

      .side {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: var(--s4);
      }

      dl {
        display: grid;
        grid-template-columns: minmax(6.5rem, 9rem) minmax(0, 1fr);
        gap: var(--s3) var(--s4);
        margin: 0;
      }

      dt {
        color: var(--ink-soft);
        overflow-wrap: anywhere;
      }

      dd {
        min-width: 0;
        overflow-wrap: anywhere;
      }

      small {
        display: block;
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      .pairs {
        font-family: var(--mono);
        font-size: var(--text-sm);
      }

      .left {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s2) var(--s3);
        align-items: baseline;
      }

      .left b {
        font-size: 1.375rem;
        font-weight: 600;
        letter-spacing: -0.01em;
        font-variant-numeric: tabular-nums;
      }

      .note {
        margin-top: var(--s3);
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      .buttons {
        display: flex;
        gap: var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) sandbox: Sandbox | null = null;
  @state() private isChangingTimeout = false;
  @state() private usage: ReadUsage | null = null;

  override willUpdate(changed: PropertyValues<this>): void {
    if (this.sandbox?.id !== changed.get("sandbox")?.id && changed.has("sandbox")) {
      this.usage = this.sandbox && usageOfSandbox(this.sandbox.id);
    }
  }

  override render(): TemplateResult | typeof nothing {
    const { sandbox } = this;
    if (sandbox === null) return nothing;
    return html`<div class="two">
        <section class="card" aria-labelledby="facts">
          <div class="top"><h2 id="facts">Facts</h2></div>
          <dl>
            ${factsOf(sandbox).map(
              ({ name, value }) =>
                html`<dt>${name}</dt>
                  <dd>${value}</dd>`,
            )}
          </dl>
        </section>
        <div class="side">
          ${hasEnded(sandbox) ? nothing : this.#renderTime(sandbox)} ${this.#renderMetadata(sandbox)}
          ${hasEnded(sandbox) ? nothing : this.#renderSnippet(sandbox)}
        </div>
      </div>
      <div class="card">
        <wr-usage .read=${this.usage} ?live=${sandbox.status === "running"}></wr-usage>
      </div>
      ${
        this.isChangingTimeout
          ? html`<wr-sandbox-timeout
              .sandbox=${sandbox}
              @close=${() => {
                this.isChangingTimeout = false;
              }}
            ></wr-sandbox-timeout>`
          : nothing
      }`;
  }

  #renderTime(sandbox: Sandbox): TemplateResult {
    const { timeout_sec: timeoutSec, on_timeout: onTimeout, status } = sandbox;
    const canChange = status === "running" || status === "paused";
    const end = onTimeout === "pause" ? "paused" : "deleted";
    return html`<section class="card" aria-labelledby="time">
      <div class="top">
        <h2 id="time">Time left</h2>
        <div class="buttons">
          ${
            status === "running" && timeoutSec !== 0
              ? html`<wr-button small @click=${() => void this.#extend(sandbox)}>Extend</wr-button>`
              : nothing
          }
          <wr-button
            small
            ?disabled=${!canChange}
            @click=${() => {
              this.isChangingTimeout = true;
            }}
            >Change…</wr-button
          >
        </div>
      </div>
      <p class="left">${this.#renderLeft(sandbox)}</p>
      <p class="note">
        ${
          timeoutSec === 0
            ? "It has no timeout: it runs until somebody pauses or deletes it."
            : `It is ${end} after ${formatDuration(timeoutSec * 1_000)} in which nobody used it.`
        }
      </p>
    </section>`;
  }

  #renderLeft({ status, expires_at: at, timeout_sec: timeoutSec }: Sandbox): unknown {
    if (timeoutSec === 0) return html`<b>No limit</b>`;
    if (status !== "running") return html`<b>–</b> it counts while the sandbox runs`;
    return at === null ? html`<b>–</b>` : html`<b><wr-time form="left" value=${at}></wr-time></b>`;
  }

  #renderMetadata({ metadata }: Sandbox): TemplateResult {
    const pairs = Object.entries<string>(metadata);
    return html`<section class="card" aria-labelledby="metadata">
      <div class="top"><h2 id="metadata">Metadata</h2></div>
      ${
        pairs.length === 0
          ? html`<p>None was given when it was launched.</p>`
          : html`<dl class="pairs">
              ${pairs.map(
                ([key, value]) =>
                  html`<dt>${key}</dt>
                    <dd>${value}</dd>`,
              )}
            </dl>`
      }
      <p class="note">Environment variables are not shown: they may hold secrets.</p>
    </section>`;
  }

  #renderSnippet({ id }: Sandbox): TemplateResult {
    return html`<section class="card" aria-labelledby="snippet">
      <div class="top"><h2 id="snippet">Run a command from anywhere</h2></div>
      <wr-copy label="command" value=${snippetFor(location.origin, id)}></wr-copy>
    </section>`;
  }

  async #extend({ id }: Sandbox): Promise<void> {
    await pingSandbox(id).then(() => showToast("Its time starts over."), showFailure);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-overview": SandboxOverview;
  }
}
