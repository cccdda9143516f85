/** /signup: makes an account; the first one of an instance runs the place. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, queryAll, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../api/failure.ts";
import "../app/entry.ts";
import { entryStyles } from "../app/entry-styles.ts";
import { renderProviders } from "../app/providers.ts";
import { type Offered, SignInOptions } from "../app/sign-in-options.ts";
import "../components/button.ts";
import "../components/field.ts";
import type { Field } from "../components/field.ts";
import { place } from "../router.ts";
import { session } from "../state/session.ts";
import { base } from "../styles/shared.ts";

/** As the server counts. */
const LEAST_CHARACTERS = 8;

type Wrong = Partial<Record<string, string>>;

const findWrong = (values: Record<string, string>): Wrong => {
  const wrong: Wrong = {};
  if (values.name === "") wrong.name = "Tell us your name: your team sees it.";
  if (!/^[^\s@]+@[^\s@]+$/.test(values.email ?? ""))
    wrong.email = "Type an e-mail address, as ada@example.com.";
  if (Array.from(values.password ?? "").length < LEAST_CHARACTERS) {
    wrong.password = `Use at least ${LEAST_CHARACTERS} characters.`;
  }
  if (values.setup_code === "") wrong.setup_code = "Type the code that the server printed at its start.";
  return wrong;
};

const leadFor = (offered: Offered | null): string => {
  if (offered?.signup === "first_account") return "The first account administers this Wrenn.";
  if (offered?.signup === "domains") return "For addresses of this Wrenn's own domains.";
  return "A team of your own comes with it.";
};

@customElement("wr-signup-page")
export class SignupPage extends LitElement {
  static override styles = [base, entryStyles];

  readonly #options = new SignInOptions(this, null);
  @state() private error = "";
  @state() private wrong: Wrong = {};
  @state() private isBusy = false;
  @queryAll("wr-field") private fields!: NodeListOf<Field>;

  override render(): TemplateResult {
    const { offered, failure } = this.#options;
    const isClosed = offered?.signup === "closed";
    const heading = offered?.signup === "first_account" ? "Welcome to Wrenn" : "Make an account";
    return html`<wr-entry heading=${heading} lead=${isClosed ? "Sign-up is closed here." : leadFor(offered)}>
      <div class="content">
        ${this.error === "" ? nothing : html`<p class="notice" role="alert">${this.error}</p>`}
        ${
          isClosed
            ? html`<p class="notice calm">Ask an administrator of this Wrenn for an account.</p>`
            : this.#renderForm(offered)
        }
        ${failure === "" ? nothing : html`<p class="other">${failure}</p>`}
        ${
          offered?.signup === "first_account"
            ? nothing
            : html`<p class="other">You have one? <a href="/login${this.#search}">Sign in</a></p>`
        }
      </div>
    </wr-entry>`;
  }

  override firstUpdated(): void {
    this.fields[0]?.focus();
  }

  #renderForm(offered: Offered | null): TemplateResult {
    const { wrong } = this;
    return html`<form @submit=${this.#submit}>
        <wr-field
          name="name"
          label="Name"
          autocomplete="name"
          maxlength="100"
          .error=${wrong.name ?? ""}
        ></wr-field>
        <wr-field
          name="email"
          label="E-mail"
          type="email"
          autocomplete="username"
          .error=${wrong.email ?? ""}
        ></wr-field>
        <wr-field
          name="password"
          label="Password"
          type="password"
          autocomplete="new-password"
          hint="At least ${LEAST_CHARACTERS} characters; a few words are good."
          .error=${wrong.password ?? ""}
        ></wr-field>
        ${
          offered?.setup_code_required === true
            ? html`<wr-field
                name="setup_code"
                label="Set-up code"
                hint="The server printed it at its start: only who runs it has it."
                .error=${wrong.setup_code ?? ""}
              ></wr-field>`
            : nothing
        }
        <wr-button kind="primary" type="submit" ?busy=${this.isBusy}>Make account</wr-button>
      </form>
      ${renderProviders(offered, { verb: "Sign up", intent: "signup" })}`;
  }

  get #search(): string {
    const next = place.value.query.get("next");
    return next === null ? "" : `?${new URLSearchParams({ next })}`;
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const values = Object.fromEntries(
      [...this.fields].map(({ name, value }) => [name, name === "password" ? value : value.trim()]),
    );
    this.error = "";
    this.#show(findWrong(values));
    if (Object.keys(this.wrong).length > 0) return;
    this.isBusy = true;
    const { name = "", email = "", password = "", setup_code: code } = values;
    try {
      await session.signUp({ name, email, password, ...(code !== undefined && { setup_code: code }) });
    } catch (error) {
      const field = error instanceof ApiFailure ? error.field : null;
      if (field !== null && field in values) this.#show({ [field]: describeFailure(error) });
      else this.error = describeFailure(error);
    } finally {
      this.isBusy = false;
    }
  }

  /** Tells what is wrong, and goes to the first of it. */
  #show(wrong: Wrong): void {
    this.wrong = wrong;
    [...this.fields].find(({ name }) => wrong[name] !== undefined)?.focus();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-signup-page": SignupPage;
  }
}
