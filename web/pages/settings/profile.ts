/** One's name, and the address it goes with. */
import { html, LitElement, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/field.ts";
import type { Field } from "../../components/field.ts";
import { renameMe } from "../../state/account.ts";
import { session } from "../../state/session.ts";
import { showToast } from "../../state/toasts.ts";
import { Watch } from "../../state/watch.ts";
import { base } from "../../styles/shared.ts";
import { settingsStyles } from "./styles.ts";

@customElement("wr-profile-settings")
export class ProfileSettings extends LitElement {
  static override styles = [base, settingsStyles];

  @state() private error = "";
  @state() private isBusy = false;
  @query("[name=name]") private nameField!: Field;
  readonly #session = new Watch(this, session.state);

  override render(): TemplateResult {
    const { value } = this.#session;
    const person = value.kind === "in" ? value.person : null;
    return html`<section aria-labelledby="profile">
      <div>
        <h2 id="profile">You</h2>
        <p class="lead">Your teams see your name, and find you by your address.</p>
      </div>
      <form @submit=${this.#submit}>
        <wr-field
          name="name"
          label="Name"
          autocomplete="name"
          maxlength="100"
          value=${person?.name ?? ""}
          .error=${this.error}
        ></wr-field>
        <wr-field label="E-mail" value=${person?.email ?? ""} disabled></wr-field>
        <wr-button type="submit" ?busy=${this.isBusy}>Save name</wr-button>
      </form>
    </section>`;
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const name = this.nameField.value.trim();
    this.error = name === "" ? "Tell us your name: your team sees it." : "";
    if (this.error !== "") return this.nameField.focus();
    this.isBusy = true;
    try {
      await renameMe(name);
      showToast("Your name is changed.");
    } catch (error) {
      this.error = describeFailure(error);
    } finally {
      this.isBusy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-profile-settings": ProfileSettings;
  }
}
