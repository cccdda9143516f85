/**
 * How much one team may have live at once.
 *
 * @fires close
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import { emit } from "../../components/emit.ts";
import "../../components/field.ts";
import type { Field } from "../../components/field.ts";
import { type AnyTeam, setLimits } from "../../state/all-teams.ts";
import { showToast } from "../../state/toasts.ts";
import { form } from "../../styles/form.ts";
import { base } from "../../styles/shared.ts";
import { LIMITS, readLimit } from "./limit-names.ts";

@customElement("wr-team-limits")
export class TeamLimits extends LitElement {
  static override styles = [
    base,
    form,
    css`
      .soft {
        color: var(--ink-soft);
      }
    `,
  ];

  @property({ attribute: false }) team: AnyTeam | null = null;
  @state() private errors: Readonly<Record<string, string>> = {};
  @state() private failure = "";
  @state() private isBusy = false;
  @query("wr-dialog") private dialog!: Dialog;
  @query("form") private form!: HTMLFormElement;

  override render(): TemplateResult {
    const { team } = this;
    return html`<wr-dialog
      open
      heading="Limits of ${team?.name ?? ""}"
      ?held=${this.isBusy}
      @close=${() => emit(this, "close")}
    >
      <form novalidate @submit=${this.#submit}>
        <p class="soft">What it may have live at once. Left empty, the instance's limit counts.</p>
        <div class="two">
          ${LIMITS.map(
            ({ name, label, hint }, index) =>
              html`<wr-field
                id=${name}
                ?autofocus=${index === 0}
                label=${label}
                type="number"
                min="0"
                hint=${hint}
                placeholder="the instance's"
                value=${String(team?.limits[name] ?? "")}
                .error=${this.errors[name] ?? ""}
              ></wr-field>`,
          )}
        </div>
        ${this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`}
      </form>
      <wr-button slot="actions" ?disabled=${this.isBusy} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button slot="actions" kind="primary" ?busy=${this.isBusy} @click=${() => this.form.requestSubmit()}
        >Set limits</wr-button
      >
    </wr-dialog>`;
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const { team } = this;
    if (team === null || this.isBusy) return;
    const read = LIMITS.map(({ name }) => {
      const text = this.renderRoot.querySelector<Field>(`#${name}`)?.value ?? "";
      return { name, limit: readLimit(text) };
    });
    this.errors = Object.fromEntries(
      read.flatMap(({ name, limit }) =>
        limit === "wrong" ? [[name, "Type a whole number, or nothing."]] : [],
      ),
    );
    if (Object.keys(this.errors).length > 0) return;
    this.isBusy = true;
    this.failure = "";
    try {
      const limits = read.flatMap(({ name, limit }) => (typeof limit === "number" ? [[name, limit]] : []));
      await setLimits(team, Object.fromEntries(limits));
      showToast(`The limits of ${team.name} are set.`);
      this.isBusy = false;
      await this.updateComplete;
      this.dialog.close();
    } catch (error) {
      const field = error instanceof ApiFailure ? error.field : null;
      if (field !== null && LIMITS.some(({ name }) => name === field)) {
        this.errors = { [field]: describeFailure(error) };
      } else this.failure = describeFailure(error);
    } finally {
      this.isBusy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-team-limits": TeamLimits;
  }
}
