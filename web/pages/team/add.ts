/**
 * Adds somebody who has an account, by address: what is typed is completed once its @ is there.
 *
 * @fires close
 */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, query, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/combobox.ts";
import type { Combobox, Option } from "../../components/combobox.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import { emit } from "../../components/emit.ts";
import "../../components/select.ts";
import type { Choice } from "../../components/select.ts";
import { addMember, type GrantedRole, searchUsers } from "../../state/members.ts";
import { showToast } from "../../state/toasts.ts";
import { form } from "../../styles/form.ts";
import { base } from "../../styles/shared.ts";

/** Of quiet before the server is asked. */
const PAUSE_MS = 250;
/** As the server has it. */
const LEAST_CHARACTERS = 3;

const ROLES: readonly Choice[] = [
  { value: "member", label: "Member: uses sandboxes, makes keys" },
  { value: "admin", label: "Admin: also people, hosts and all keys" },
];

const isSearchable = (text: string): boolean =>
  text.includes("@") && Array.from(text).length >= LEAST_CHARACTERS;

@customElement("wr-add-member")
export class AddMember extends LitElement {
  static override styles = [base, form];

  @state() private email = "";
  @state() private granted: GrantedRole = "member";
  @state() private options: readonly Option[] = [];
  @state() private isSearching = false;
  @state() private isBusy = false;
  @state() private emailError = "";
  @state() private failure = "";
  @query("wr-dialog") private dialog!: Dialog;
  @query("wr-combobox") private field!: Combobox;
  @query("form") private form!: HTMLFormElement;
  #search: AbortController | null = null;
  #timer: Timer | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
  }

  override render(): TemplateResult {
    return html`<wr-dialog
      open
      heading="Add a member"
      ?held=${this.isBusy}
      @close=${() => emit(this, "close")}
    >
      <form @submit=${this.#submit}>
        <wr-combobox
          autofocus
          remote
          label="E-mail"
          placeholder="grace@example.com"
          hint="Of somebody with an account here. Type it up to the @, and it is completed."
          nothingFits=${this.#nothingFits}
          .error=${this.emailError}
          .options=${this.options}
          @query=${(event: CustomEvent<string>) => this.#type(event.detail)}
          @change=${(event: Event) => {
            this.#stop();
            this.email = (event.currentTarget as Combobox).value;
            this.emailError = "";
          }}
          @keydown=${this.#key}
        ></wr-combobox>
        <wr-select
          label="Role"
          value=${this.granted}
          .choices=${ROLES}
          @change=${(event: Event) => {
            const { value } = event.currentTarget as HTMLElementTagNameMap["wr-select"];
            this.granted = value === "admin" ? "admin" : "member";
          }}
        ></wr-select>
        ${this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`}
      </form>
      <wr-button slot="actions" ?disabled=${this.isBusy} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button slot="actions" kind="primary" ?busy=${this.isBusy} @click=${() => this.form.requestSubmit()}
        >Add member</wr-button
      >
    </wr-dialog>`;
  }

  get #nothingFits(): string {
    if (!isSearchable(this.email)) return "Type the address up to its @.";
    return this.isSearching ? "Looking…" : "No account's address begins like that.";
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#search?.abort();
    this.#search = null;
    this.isSearching = false;
  }

  #type(text: string): void {
    this.#stop();
    this.email = text.trim();
    this.emailError = "";
    this.failure = "";
    this.options = this.options.filter(({ value }) => value.startsWith(this.email.toLowerCase()));
    if (!isSearchable(this.email)) {
      this.options = [];
      return;
    }
    this.isSearching = true;
    this.#timer = setTimeout(() => void this.#find(this.email), PAUSE_MS);
  }

  async #find(text: string): Promise<void> {
    const search = new AbortController();
    this.#search = search;
    try {
      const found = await searchUsers(text, search.signal);
      if (search.signal.aborted) return;
      this.options = found.map((email) => ({ value: email, label: email }));
    } catch (error) {
      // A completion that does not come is no harm: the address can be typed.
      if (!search.signal.aborted && !(error instanceof ApiFailure)) throw error;
    } finally {
      if (this.#search === search) this.isSearching = false;
    }
  }

  /** As in any form; with the list open, Enter takes what is offered. */
  #key(event: KeyboardEvent): void {
    if (event.key === "Enter" && !event.defaultPrevented) this.form.requestSubmit();
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.emailError = /^[^\s@]+@[^\s@]+$/.test(this.email)
      ? ""
      : "Type the whole address, as grace@example.com.";
    if (this.emailError !== "") return this.field.focus();
    this.isBusy = true;
    this.failure = "";
    try {
      const { name } = await addMember(this.email, this.granted);
      this.isBusy = false;
      await this.updateComplete;
      this.dialog.close();
      showToast(`${name} is in the team now.`);
    } catch (error) {
      this.isBusy = false;
      const isEmail =
        error instanceof ApiFailure &&
        (error.field === "email" || ["user_not_found", "already_member"].includes(error.code));
      this[isEmail ? "emailError" : "failure"] = describeFailure(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-add-member": AddMember;
  }
}
