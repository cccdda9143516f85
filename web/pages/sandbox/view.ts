/** The frame around the views of one sandbox: which it is, how it is, what can be done to it. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import "../../components/button.ts";
import "../../components/copy.ts";
import "../../components/empty.ts";
import "../../components/icon.ts";
import "../../components/menu.ts";
import "../../components/tabs.ts";
import type { Tabs } from "../../components/tabs.ts";
import { navigate, noteQuery, place } from "../../router.ts";
import { type Command, OfferCommands } from "../../state/commands.ts";
import { FollowList } from "../../state/follow-list.ts";
import { hasEnded, type Sandbox, sandboxOf } from "../../state/sandboxes.ts";
import { Watch } from "../../state/watch.ts";
import { base, page } from "../../styles/shared.ts";
import { shortId } from "../../text/format.ts";
import { deleteAll, entriesFor, pauseAll, resumeAll } from "../sandboxes/actions.ts";
import "../sandboxes/launch.ts";
import { describeReason, renderStatus } from "../sandboxes/status.ts";
import { firstPanel, type Panel, panelNamed, PANELS } from "./panels.ts";
import { viewStyles } from "./view-styles.ts";

const LIST = "/dashboard/sandboxes";

@customElement("wr-sandbox-view")
export class SandboxView extends LitElement {
  static override styles = [base, page, viewStyles];

  /** Set once: another sandbox is another element. */
  @property({ attribute: false }) sandboxId = "";

  @state() private launching = false;
  /** Views whose code is there. */
  @state() private loaded: ReadonlySet<string> = new Set();
  @state() private failed = "";
  readonly #place = new Watch(this, place);
  #follow: FollowList<Sandbox> | null = null;
  /** Where it was first shown: it stays there when the status changes. */
  #first = "";

  constructor() {
    super();
    void new OfferCommands(this, () => this.#commands);
  }

  override willUpdate(): void {
    this.#follow ??= new FollowList(this, sandboxOf(this.sandboxId));
    const sandbox = this.#sandbox;
    if (sandbox === null) return;
    if (this.#first === "") this.#first = firstPanel(sandbox);
    void this.#load(this.#panel);
    document.title = `${shortId(sandbox.id)} · Wrenn`;
  }

  override render(): TemplateResult {
    const sandbox = this.#sandbox;
    if (sandbox !== null) return this.#renderSandbox(sandbox);
    const state = this.#follow?.state;
    if (state?.kind === "ready") return this.#renderGone();
    if (state?.kind !== "failed") {
      return html`<div class="visually-hidden" role="status">Loading the sandbox…</div>
        <div class="bones" aria-hidden="true">
          <div></div>
          <div></div>
          <div></div>
        </div>`;
    }
    const { failure } = state;
    if (failure.status === 404 || failure.status === 400) return this.#renderGone();
    return html`<wr-empty
      alone
      icon="alert"
      tone="bad"
      heading="This sandbox could not be read"
      text=${failure.message}
    >
      <wr-button @click=${() => void sandboxOf(this.sandboxId).reload()}>Try again</wr-button>
    </wr-empty>`;
  }

  #renderGone(): TemplateResult {
    return html`<wr-empty
      alone
      icon="search"
      heading="There is no such sandbox"
      text="It may belong to another team of yours, or the address is mistyped."
    >
      <wr-button href=${LIST}>Back to the sandboxes</wr-button>
    </wr-empty>`;
  }

  #renderSandbox(sandbox: Sandbox): TemplateResult {
    const panel = this.#panel;
    return html`<div class="head">
        <div>
          <a class="back" href=${LIST}><wr-icon name="back"></wr-icon>Sandboxes</a>
          <div class="title">
            <h1>
              <span title=${sandbox.id}>${shortId(sandbox.id)}</span>
              <wr-copy chip bare label="sandbox id" value=${sandbox.id} text=${shortId(sandbox.id)}></wr-copy>
            </h1>
            <div class="status" role="status">${renderStatus(sandbox)}</div>
          </div>
        </div>
        ${this.#renderActions(sandbox)}
      </div>
      ${this.#renderNotice(sandbox)}
      <wr-tabs
        label="Views of the sandbox"
        .tabs=${PANELS}
        chosen=${panel.value}
        @change=${(event: Event) => noteQuery({ tab: (event.currentTarget as Tabs).chosen })}
      ></wr-tabs>
      <div role="tabpanel" aria-label=${panel.label}>${this.#renderPanel(panel, sandbox)}</div>
      ${
        this.launching
          ? html`<wr-launch-sandbox
              .like=${sandbox}
              @close=${() => {
                this.launching = false;
              }}
            ></wr-launch-sandbox>`
          : nothing
      }`;
  }

  #renderActions(sandbox: Sandbox): TemplateResult {
    const { status } = sandbox;
    const like = (): void => {
      this.launching = true;
    };
    return html`<div class="actions">
      ${status === "running" ? html`<wr-button @click=${() => void pauseAll([sandbox])}><wr-icon name="pause"></wr-icon>Pause</wr-button>` : nothing}
      ${status === "paused" ? html`<wr-button kind="primary" @click=${() => void resumeAll([sandbox])}><wr-icon name="play"></wr-icon>Resume</wr-button>` : nothing}
      <wr-menu label="Actions for ${shortId(sandbox.id)}" align-end .entries=${entriesFor(sandbox, like)}>
        <wr-icon name="more"></wr-icon>
      </wr-menu>
    </div>`;
  }

  #renderNotice(sandbox: Sandbox): TemplateResult | typeof nothing {
    if (!hasEnded(sandbox)) return nothing;
    const { status, status_reason: reason } = sandbox;
    const isFailed = status === "error";
    const heading = isFailed ? "This sandbox failed" : "This sandbox has ended";
    const why = reason === "deleted" ? "it was deleted" : describeReason(reason);
    return html`<div class="notice ${isFailed ? "bad" : ""}">
      <span><b>${heading}</b>${why === "" ? "." : `: ${why}.`}</span>
      <wr-button small href=${LIST}>Back to the sandboxes</wr-button>
    </div>`;
  }

  #renderPanel(panel: Panel, sandbox: Sandbox): TemplateResult {
    if (this.failed === panel.value) {
      return html`<wr-empty
        icon="alert"
        tone="bad"
        heading="This view could not be loaded"
        text="The server may be away, or a newer version of the dashboard is there."
      >
        <wr-button @click=${() => location.reload()}>Reload</wr-button>
      </wr-empty>`;
    }
    if (!this.loaded.has(panel.value)) return html`<div class="bones" aria-busy="true"><div></div></div>`;
    return panel.render(sandbox);
  }

  async #load({ value, load }: Panel): Promise<void> {
    if (this.loaded.has(value)) return;
    try {
      await load();
      this.loaded = new Set([...this.loaded, value]);
    } catch {
      this.failed = value;
    }
  }

  get #sandbox(): Sandbox | null {
    return this.#follow?.items[0] ?? null;
  }

  get #panel(): Panel {
    const found = panelNamed(this.#place.value.query.get("tab") ?? "") ?? panelNamed(this.#first);
    return found ?? (PANELS[0] as Panel);
  }

  get #commands(): readonly Command[] {
    const sandbox = this.#sandbox;
    if (sandbox === null) return [];
    const views = PANELS.map(({ value, label }): Command => {
      return { label: `Show ${label.toLowerCase()}`, icon: "right", run: () => noteQuery({ tab: value }) };
    });
    const { status } = sandbox;
    const back: Command = { label: "Back to the sandboxes", icon: "back", run: () => navigate(LIST) };
    if (hasEnded(sandbox)) return [...views, back];
    return [
      ...views,
      ...(status === "running"
        ? [{ label: "Pause this sandbox", icon: "pause", run: () => void pauseAll([sandbox]) } as const]
        : []),
      ...(status === "paused"
        ? [{ label: "Resume this sandbox", icon: "play", run: () => void resumeAll([sandbox]) } as const]
        : []),
      { label: "Delete this sandbox", icon: "trash", run: () => void deleteAll([sandbox]) },
      back,
    ];
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-view": SandboxView;
  }
}
