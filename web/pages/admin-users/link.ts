/**
 * Adds an account, or makes a new link for one; either way it ends with the link to set a password, shown once.
 *
 * @fires close
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/check.ts";
import type { Check } from "../../components/check.ts";
import "../../components/copy.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import "../../components/drawn-check.ts";
import { emit } from "../../components/emit.ts";
import "../../components/field.ts";
import type { Field } from "../../components/field.ts";
import "../../components/time.ts";
import { type Account, addAccount, issueResetLink, type PasswordLink } from "../../state/accounts.ts";
import { form } from "../../styles/form.ts";
import { base } from "../../styles/shared.ts";

@customElement("wr-account-link")
export class AccountLink extends LitElement {
  static override styles = [
    base,
    form,
    css`
      .made {
        display: grid;
        gap: var(--s4);
      }

      .once {
        display: grid;
        grid-template-columns: auto minmax(0, 1fr);
        gap: var(--s3);
        align-items: center;
        overflow-wrap: anywhere;
      }

      .soft {
        color: var(--ink-soft);
        font-size: var(--text-sm);
      }
    `,
  ];

  /** Null: a new one. */
  @property({ attribute: false }) account: Account | null = null;

  @state() private link: PasswordLink | null = null;
  @state() private name = "";
  @state() private errors: Readonly<Record<string, string>> = {};
  @state() private failure = "";
  @state() private isBusy = false;
  @query("wr-dialog") private dialog!: Dialog;
  @query("form") private form!: HTMLFormElement;

  override render(): TemplateResult {
    return html`<wr-dialog
      open
      heading=${this.#heading}
      ?held=${this.isBusy}
      ?firm=${this.link !== null}
      @close=${() => emit(this, "close")}
    >
      ${this.link === null ? this.#renderForm() : this.#renderLink(this.link)}
    </wr-dialog>`;
  }

  override updated(changed: Map<string, unknown>): void {
    if (!changed.has("link") || this.link === null) return;
    const copy = this.renderRoot.querySelector("wr-copy");
    void copy?.updateComplete.then(() => copy.focus());
  }

  get #heading(): string {
    if (this.link !== null) return "Hand out this link";
    return this.account === null ? "Add a user" : `A link for ${this.account.name}`;
  }

  #renderForm(): TemplateResult {
    return html`<form novalidate @submit=${this.#submit}>
        ${this.account === null ? this.#renderFields() : this.#renderReset(this.account)}
        ${this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`}
      </form>
      <wr-button slot="actions" ?disabled=${this.isBusy} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button
        slot="actions"
        ?autofocus=${this.account !== null}
        kind="primary"
        ?busy=${this.isBusy}
        @click=${() => this.form.requestSubmit()}
        >${this.account === null ? "Add user" : "Make link"}</wr-button
      >`;
  }

  #renderFields(): TemplateResult {
    return html`<wr-field
        autofocus
        id="name"
        label="Name"
        maxlength="100"
        .error=${this.errors["name"] ?? ""}
      ></wr-field>
      <wr-field
        id="email"
        label="E-mail"
        type="email"
        hint="What they sign in with. Nothing is sent there: you hand out the link."
        .error=${this.errors["email"] ?? ""}
      ></wr-field>
      <wr-check label="Platform admin" hint="Sees and changes every host, team and account."></wr-check>`;
  }

  #renderReset({ email }: Account): TemplateResult {
    return html`<p>
      Whoever opens it sets a new password for ${email}. Links made before stop working; sessions go on until
      the password is set.
    </p>`;
  }

  #renderLink({ url, expires_at: until }: PasswordLink): TemplateResult {
    return html`<div class="made">
        <div class="once" role="status">
          <wr-drawn-check></wr-drawn-check>
          <p>
            Give it to <b>${this.account?.name ?? this.name}</b>, and to nobody else: whoever opens it sets
            the password. It is shown this once.
          </p>
        </div>
        <wr-copy label="link" value=${url}></wr-copy>
        <p class="soft">It works once, and ends <wr-time value=${until}></wr-time>.</p>
      </div>
      <wr-button slot="actions" kind="primary" @click=${() => this.dialog.close()}
        >I have copied it</wr-button
      >`;
  }

  #value(id: string): string {
    return this.renderRoot.querySelector<Field>(`#${id}`)?.value.trim() ?? "";
  }

  async #make(): Promise<PasswordLink | null> {
    if (this.account !== null) return issueResetLink(this.account);
    const [name, email] = [this.#value("name"), this.#value("email")];
    this.errors = {
      ...(name === "" && { name: "Give the account a name." }),
      ...(!email.includes("@") && { email: "Type an e-mail address." }),
    };
    if (Object.keys(this.errors).length > 0) return null;
    this.name = name;
    const isAdmin = this.renderRoot.querySelector<Check>("wr-check")?.checked === true;
    return addAccount({ name, email, is_admin: isAdmin });
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.failure = "";
    try {
      this.link = await this.#make();
    } catch (error) {
      const field =
        error instanceof ApiFailure ? (error.code === "email_taken" ? "email" : error.field) : null;
      if (this.account === null && (field === "name" || field === "email")) {
        this.errors = { [field]: describeFailure(error) };
      } else this.failure = describeFailure(error);
    } finally {
      this.isBusy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-account-link": AccountLink;
  }
}
