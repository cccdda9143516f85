/** The offer of a first sandbox for those who see no hosts: launch, wait, or whom to ask. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../../components/button.ts";
import "../../components/empty.ts";
import { FollowList } from "../../state/follow-list.ts";
import { teamHosts } from "../../state/hosts.ts";
import { members } from "../../state/members.ts";
import { templates } from "../../state/templates.ts";
import { base } from "../../styles/shared.ts";
import { FIRST_TEMPLATE } from "../sandboxes/launch-choices.ts";
import { judgeHosts } from "./judge-hosts.ts";
import { judgeUnseen } from "./judge-template.ts";
import { describeFirstOne, type LaunchOffer, renderLaunch } from "./launch-step.ts";
import { firstRunStyles } from "./styles.ts";
import { renderBuild } from "./template-step.ts";
import { whomToAsk } from "./whom-to-ask.ts";

@customElement("wr-first-offer")
export class FirstOffer extends LitElement {
  static override styles = [
    base,
    firstRunStyles,
    css`
      .card {
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
        box-shadow: var(--shadow-low);
      }

      .in {
        display: grid;
        gap: var(--s4);
        justify-items: center;
        width: min(30rem, 100%);
      }

      .actions {
        justify-content: center;
      }
    `,
  ];

  /** The team's sandboxes run on its own machines, and only there. */
  @property({ type: Boolean }) byoc = false;
  @property({ attribute: false }) offer: LaunchOffer | null = null;

  readonly #templates = new FollowList(this, templates);
  readonly #hosts = new FollowList(this, teamHosts, false);
  readonly #members = new FollowList(this, members, false);

  override willUpdate(): void {
    this.#hosts.follow(this.byoc);
    this.#members.follow(this.byoc);
  }

  override render(): TemplateResult {
    return html`<div class="card">${this.#renderCard()}</div>`;
  }

  #renderCard(): TemplateResult {
    const stage = judgeUnseen(this.#template);
    if (this.byoc && this.#hosts.state.kind === "ready" && judgeHosts(this.#hosts.items).kind !== "online") {
      return this.#renderWaiting(
        `Your team's sandboxes run on machines of its own, and none is ready. Ask ${whomToAsk(this.#members.items) || "an owner or admin of the team"} to look at its hosts.`,
      );
    }
    if (stage.kind === "due") {
      return this.#renderWaiting(
        "No machine is ready to run sandboxes. Ask a platform admin, who runs this Wrenn, to look at the hosts.",
      );
    }
    if (stage.kind === "building") {
      return html`<wr-empty
        icon="template"
        heading="Almost there"
        text="What sandboxes start from is being made. This happens once and takes a few minutes."
      >
        <div class="in">${renderBuild(stage)}</div>
      </wr-empty>`;
    }
    return html`<wr-empty
      heading="A sandbox of your own"
      text="A virtual machine that starts in a blink, pauses with its memory, and forks. You get a shell in it."
    >
      <div class="in">
        <p class="soft">${describeFirstOne(this.#template)}</p>
        ${this.offer === null ? nothing : renderLaunch(this.offer, "")}
      </div>
    </wr-empty>`;
  }

  #renderWaiting(text: string): TemplateResult {
    return html`<wr-empty icon="host" heading="Nothing to launch on yet" text=${text}>
      <p class="soft">This page changes by itself when that is done.</p>
    </wr-empty>`;
  }

  get #template() {
    return this.#templates.items.find(({ name, owner }) => name === FIRST_TEMPLATE && owner === "platform");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-first-offer": FirstOffer;
  }
}
