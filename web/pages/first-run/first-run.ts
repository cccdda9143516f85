/**
 * What stands on the page of sandboxes before the team has had any: a greeting, and the way to the first one.
 *
 * @fires launch to start one as it is offered
 * @fires choose to choose what it is to be
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";

import { emit } from "../../components/emit.ts";
import { session } from "../../state/session.ts";
import { currentTeam, teams } from "../../state/teams.ts";
import { Watch } from "../../state/watch.ts";
import { base, page } from "../../styles/shared.ts";
import { audienceOf } from "./audience.ts";
import "./offer.ts";
import "./steps.ts";

@customElement("wr-first-run")
export class FirstRun extends LitElement {
  static override styles = [
    base,
    page,
    css`
      :host {
        max-width: 46rem;
      }

      h1 {
        overflow-wrap: anywhere;
      }

      .further {
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ type: Boolean }) busy = false;
  /** Why the last try did not work; null: there was none, or it goes well. */
  @property({ attribute: false }) failure: unknown = null;

  readonly #session = new Watch(this, session.state);
  readonly #teams = new Watch(this, teams);

  override render(): TemplateResult {
    const { value } = this.#session;
    const person = value.kind === "in" ? value.person : null;
    const team = this.#teams.value.kind === "ready" ? currentTeam() : null;
    const audience = person === null || team === null ? null : audienceOf(person, team);
    const offer = {
      isBusy: this.busy,
      failure: this.failure,
      launch: (): void => emit(this, "launch"),
      choose: (): void => emit(this, "choose"),
    };
    return html`<div class="head">
        <div>
          <h1>Welcome, ${person?.name}</h1>
          <p>
            ${audience?.kind === "guest" || audience === null ? "Your team has had no sandbox yet." : "Three steps to a shell in a sandbox. This page follows them, and goes away with the first one."}
          </p>
        </div>
      </div>
      ${
        audience === null
          ? nothing
          : audience.kind === "guest"
            ? html`<wr-first-offer ?byoc=${team?.is_byoc === true} .offer=${offer}></wr-first-offer>`
            : html`<wr-first-steps .audience=${audience} .offer=${offer}></wr-first-steps>`
      }
      <p class="further">
        Rather from a program? <a href="/dashboard/keys">Create an API key</a> and
        <a href="/docs">see what the API does</a>.
      </p>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-first-run": FirstRun;
  }
}
