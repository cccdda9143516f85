/**
 * A new password. Who signs in through a provider alone has none yet, and leaves the first line empty.
 *
 * @fires change when it was set: other sessions have ended
 */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import { emit } from "../../components/emit.ts";
import "../../components/field.ts";
import type { Field } from "../../components/field.ts";
import { changePassword } from "../../state/account.ts";
import { showToast } from "../../state/toasts.ts";
import { base } from "../../styles/shared.ts";
import { settingsStyles } from "./styles.ts";

/** As the server counts. */
const LEAST_CHARACTERS = 8;

@customElement("wr-password-settings")
export class PasswordSettings extends LitElement {
  static override styles = [base, settingsStyles];

  @state() private currentError = "";
  @state() private newError = "";
  @state() private failure = "";
  @state() private isBusy = false;
  @query("[name=current]") private current!: Field;
  @query("[name=new]") private wanted!: Field;

  override render(): TemplateResult {
    return html`<section aria-labelledby="password">
      <div>
        <h2 id="password">Password</h2>
        <p class="lead">With a new one, all your other sessions end.</p>
      </div>
      <form @submit=${this.#submit}>
        <wr-field
          name="current"
          label="Current password"
          type="password"
          autocomplete="current-password"
          hint="Leave it empty if you have none yet."
          .error=${this.currentError}
        ></wr-field>
        <wr-field
          name="new"
          label="New password"
          type="password"
          autocomplete="new-password"
          hint="At least ${LEAST_CHARACTERS} characters; a few words are good."
          .error=${this.newError}
        ></wr-field>
        ${this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`}
        <wr-button type="submit" ?busy=${this.isBusy}>Change password</wr-button>
      </form>
    </section>`;
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const [current, wanted] = [this.current.value, this.wanted.value];
    this.currentError = "";
    this.failure = "";
    const isShort = Array.from(wanted).length < LEAST_CHARACTERS;
    this.newError = isShort ? `Use at least ${LEAST_CHARACTERS} characters.` : "";
    if (isShort) return this.wanted.focus();
    this.isBusy = true;
    try {
      await changePassword(current === "" ? null : current, wanted);
      this.current.value = "";
      this.wanted.value = "";
      showToast("Your password is changed. Your other sessions have ended.");
      emit(this, "change");
    } catch (error) {
      this.#say(error);
    } finally {
      this.isBusy = false;
    }
  }

  #say(error: unknown): void {
    const { code, field } = error instanceof ApiFailure ? error : { code: "", field: null };
    const words = describeFailure(error);
    if (code === "wrong_password") {
      this.currentError = "This is not your password.";
      this.current.focus();
    } else if (field === "new_password") this.newError = words;
    else this.failure = words;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-password-settings": PasswordSettings;
  }
}
