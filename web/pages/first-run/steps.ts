/** The way to a first sandbox for those who look after the hosts: host, template, launch, each as it is now. */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import "../../components/button.ts";
import "../../components/empty.ts";
import "../../components/step.ts";
import { FollowList } from "../../state/follow-list.ts";
import { allHosts, type Host, teamHosts } from "../../state/hosts.ts";
import type { ListState } from "../../state/live-list.ts";
import { templates } from "../../state/templates.ts";
import { base } from "../../styles/shared.ts";
import { FIRST_TEMPLATE } from "../sandboxes/launch-choices.ts";
import type { Audience } from "./audience.ts";
import { HostReading } from "./host-reading.ts";
import { HOST_STAGES, renderHostStep } from "./host-step.ts";
import { judgeHosts } from "./judge-hosts.ts";
import { judgeTemplate, type TemplateStage } from "./judge-template.ts";
import { describeFirstOne, type LaunchOffer, renderLaunch } from "./launch-step.ts";
import { firstRunStyles } from "./styles.ts";
import { renderTemplateStep, templateStepStage } from "./template-step.ts";

const reasonFor = (stage: TemplateStage, hasHost: boolean): string => {
  if (!hasHost) return "There is no host that can take it yet.";
  if (stage.kind === "there") return "";
  return stage.kind === "failed" ? "Its template could not be made." : "Its template is not there yet.";
};

@customElement("wr-first-steps")
export class FirstSteps extends LitElement {
  static override styles = [
    base,
    firstRunStyles,
    css`
      ol {
        padding: var(--s5);
        border: 1px solid var(--line);
        border-radius: var(--radius-l);
        background: var(--surface);
        box-shadow: var(--shadow-low);
      }

      @media (max-width: 40rem) {
        ol {
          padding: var(--s4);
        }
      }
    `,
  ];

  @property({ attribute: false }) audience: Exclude<Audience, { kind: "guest" }> = {
    kind: "platform",
    href: "",
  };
  @property({ attribute: false }) offer: LaunchOffer | null = null;

  readonly #platform = new FollowList(this, allHosts, false);
  readonly #team = new FollowList(this, teamHosts, false);
  readonly #templates = new FollowList(this, templates);
  readonly #reading = new HostReading(this);

  override willUpdate(): void {
    this.#platform.follow(this.audience.kind === "platform");
    this.#team.follow(this.audience.kind === "team");
    const verdict = judgeHosts(this.#items);
    this.#reading.follow(verdict.kind === "none" ? null : verdict.host, this.#template);
  }

  override render(): TemplateResult {
    const { kind } = this.#list;
    if (kind === "failed") return this.#renderFailed(this.#list.failure.message);
    const isLoading = kind === "loading";
    const verdict = judgeHosts(this.#items);
    const maker = verdict.kind === "online" ? verdict.host.name : null;
    const stage = judgeTemplate(this.#reading.detail, this.#template);
    const reason = isLoading ? "The hosts are being looked at." : reasonFor(stage, maker !== null);
    return html`<ol aria-busy=${isLoading}>
      <li>
        <wr-step number="1" heading="A host" stage=${isLoading ? "busy" : HOST_STAGES[verdict.kind]}>
          ${isLoading ? html`<p class="soft">Looking at the hosts…</p>` : renderHostStep(verdict, this.audience.href)}
        </wr-step>
      </li>
      <li>
        <wr-step number="2" heading="A template" stage=${templateStepStage(stage, maker !== null)}>
          ${isLoading ? nothing : renderTemplateStep(stage, maker)}
        </wr-step>
      </li>
      <li>
        <wr-step last number="3" heading="A sandbox" stage=${reason === "" ? "now" : "later"}>
          <p class="soft">${describeFirstOne(this.#template)}</p>
          ${this.offer === null ? nothing : renderLaunch(this.offer, reason)}
        </wr-step>
      </li>
    </ol>`;
  }

  #renderFailed(why: string): TemplateResult {
    return html`<wr-empty icon="alert" tone="bad" heading="The hosts could not be read" text=${why}>
      <wr-button @click=${() => void this.#source.reload()}>Try again</wr-button>
    </wr-empty>`;
  }

  get #source(): { reload(): Promise<void> } {
    return this.audience.kind === "platform" ? allHosts : teamHosts;
  }

  get #list(): ListState<Host> {
    return (this.audience.kind === "platform" ? this.#platform : this.#team).state;
  }

  /** Those that the team's sandboxes may run on. */
  get #items(): readonly Host[] {
    return this.audience.kind === "team"
      ? this.#team.items
      : this.#platform.items.filter(({ type }) => type === "regular");
  }

  get #template() {
    return this.#templates.items.find(({ name, owner }) => name === FIRST_TEMPLATE && owner === "platform");
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-first-steps": FirstSteps;
  }
}
