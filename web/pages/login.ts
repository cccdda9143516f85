/** /login: with e-mail and password, or through a provider; and why the last way in did not work. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { describeFailure } from "../api/failure.ts";
import "../app/entry.ts";
import { entryStyles } from "../app/entry-styles.ts";
import { renderProviders } from "../app/providers.ts";
import { SignInOptions } from "../app/sign-in-options.ts";
import "../components/button.ts";
import "../components/field.ts";
import type { Field } from "../components/field.ts";
import { navigate, place } from "../router.ts";
import { session } from "../state/session.ts";
import { base } from "../styles/shared.ts";

@customElement("wr-login-page")
export class LoginPage extends LitElement {
  static override styles = [base, entryStyles];

  readonly #query = place.value.query;
  readonly #options = new SignInOptions(this, this.#query.get("error"));
  @state() private error = "";
  @state() private isBusy = false;
  @query("[name=email]") private email!: Field;
  @query("[name=password]") private password!: Field;

  override render(): TemplateResult {
    const { offered, failure } = this.#options;
    return html`<wr-entry heading="Sign in to Wrenn" lead="Sandboxes on your own machines.">
      <div class="content">
        ${this.#renderNotice()}
        <form @submit=${this.#submit}>
          <wr-field name="email" label="E-mail" type="email" autocomplete="username"></wr-field>
          <wr-field
            name="password"
            label="Password"
            type="password"
            autocomplete="current-password"
          ></wr-field>
          <wr-button kind="primary" type="submit" ?busy=${this.isBusy}>Sign in</wr-button>
        </form>
        ${renderProviders(offered, { verb: "Sign in", intent: "login" })}
        ${failure === "" ? nothing : html`<p class="other">${failure}</p>`}
        ${
          offered === null || offered.signup === "closed"
            ? nothing
            : html`<p class="other">New here? <a href="/signup${this.#search}">Make an account</a></p>`
        }
      </div>
    </wr-entry>`;
  }

  override firstUpdated(): void {
    this.email.focus();
  }

  override updated(): void {
    // Nobody can sign in yet: the first account comes first.
    if (this.#options.offered?.signup === "first_account" && !this.#query.has("error")) {
      navigate(`/signup${this.#search}`, { replace: true });
    }
  }

  #renderNotice(): TemplateResult | typeof nothing {
    if (this.error !== "") return html`<p class="notice" role="alert">${this.error}</p>`;
    const words = this.#options.offered?.error_words ?? null;
    if (words !== null) return html`<p class="notice" role="alert"><b>${words.title}</b>${words.advice}</p>`;
    if (!this.#query.has("next")) return nothing;
    return html`<p class="notice calm">Sign in to go on where you were.</p>`;
  }

  /** Where the person was going, passed on. */
  get #search(): string {
    const next = this.#query.get("next");
    return next === null ? "" : `?${new URLSearchParams({ next })}`;
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const [email, password] = [this.email.value.trim(), this.password.value];
    if (email === "" || password === "") {
      this.error = "Type your e-mail address and your password.";
      return (email === "" ? this.email : this.password).focus();
    }
    this.isBusy = true;
    this.error = "";
    try {
      await session.logIn({ email, password });
    } catch (error) {
      this.error = describeFailure(error);
      this.password.select();
    } finally {
      this.isBusy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-login-page": LoginPage;
  }
}
