/** Who did what to a sandbox, and what happened to it by itself. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";

import "../../components/badge.ts";
import "../../components/button.ts";
import "../../components/empty.ts";
import "../../components/time.ts";
import { FollowList } from "../../state/follow-list.ts";
import type { LiveList } from "../../state/live-list.ts";
import { activityOf, type AuditEntry } from "../../state/sandbox-activity.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { base } from "../../styles/shared.ts";
import { actorName, describeAction } from "./activity-words.ts";

@customElement("wr-sandbox-activity")
export class SandboxActivity extends LitElement {
  static override styles = [
    base,
    css`
      ol {
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
        overflow: hidden;
      }

      li {
        display: flex;
        flex-wrap: wrap;
        gap: var(--s1) var(--s3);
        align-items: baseline;
        padding: var(--s3) var(--s4);
        border-inline-start: 3px solid var(--line-strong);
      }

      li + li {
        border-top: 1px solid var(--line);
      }

      .success {
        border-inline-start-color: var(--good);
      }

      .warning {
        border-inline-start-color: var(--warn);
      }

      .error {
        border-inline-start-color: var(--bad);
      }

      .words {
        min-width: 0;
        margin-inline-end: auto;
        overflow-wrap: anywhere;
      }

      wr-time {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }

      .bone {
        height: 3rem;
        border-radius: var(--radius);
        background: var(--sunken);
      }

      .bones {
        display: grid;
        gap: var(--s2);
      }
    `,
  ];

  @property({ attribute: false }) sandbox: Sandbox | null = null;
  #list: LiveList<AuditEntry> | null = null;
  #follow: FollowList<AuditEntry> | null = null;

  override willUpdate(): void {
    if (this.#list !== null || this.sandbox === null) return;
    this.#list = activityOf(this.sandbox.id);
    this.#follow = new FollowList(this, this.#list);
  }

  override render(): TemplateResult | typeof nothing {
    const state = this.#follow?.state;
    if (state === undefined) return nothing;
    if (state.kind === "failed") {
      return html`<wr-empty
        icon="alert"
        tone="bad"
        heading="The activity could not be read"
        text=${state.failure.message}
      >
        <wr-button @click=${() => void this.#list?.reload()}>Try again</wr-button>
      </wr-empty>`;
    }
    if (state.kind === "loading") {
      return html`<div class="visually-hidden" role="status">Loading the activity…</div>
        <div class="bones" aria-hidden="true">${[1, 2, 3].map(() => html`<div class="bone"></div>`)}</div>`;
    }
    if (state.items.length === 0) {
      return html`<wr-empty
        icon="list"
        heading="Nothing happened yet"
        text="What is done to this sandbox is noted here."
      ></wr-empty>`;
    }
    return html`<ol aria-label="Activity">
      ${repeat(
        state.items,
        ({ id }) => id,
        (entry) => this.#renderEntry(entry),
      )}
    </ol>`;
  }

  #renderEntry(entry: AuditEntry): TemplateResult {
    const { status, actor_type: type, created_at: at } = entry;
    return html`<li class=${status}>
      <span class="words"
        ><b>${actorName(entry)}</b>
        ${type === "api_key" ? html`<wr-badge>key</wr-badge> ` : nothing}${describeAction(entry)}</span
      >
      <wr-time value=${at}></wr-time>
    </li>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-activity": SandboxActivity;
  }
}
