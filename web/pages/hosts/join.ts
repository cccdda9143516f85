/**
 * Adds a host: its name, then the command that its machine joins with. For a host that is there already it
 * begins with the command.
 *
 * @fires close
 */
import { css, html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/combobox.ts";
import type { Option } from "../../components/combobox.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import { emit } from "../../components/emit.ts";
import "../../components/field.ts";
import type { Field } from "../../components/field.ts";
import { createHost, type Host, issueToken, type NewHost, type Registration } from "../../state/hosts.ts";
import { form } from "../../styles/form.ts";
import { base } from "../../styles/shared.ts";
import "./command.ts";
import { stateOf } from "./state-of.ts";

@customElement("wr-join-host")
export class JoinHost extends LitElement {
  static override styles = [
    base,
    form,
    css`
      wr-dialog {
        --dialog-width: 36rem;
      }
    `,
  ];

  @property() type: "regular" | "byoc" = "byoc";
  /** Teams to choose from, whose own it is to be; none: the session's. */
  @property({ attribute: false }) teams: readonly Option[] = [];
  /** The hosts as they are now: the new one turns online among them. */
  @property({ attribute: false }) hosts: readonly Host[] = [];
  /** Set: no new one, but a new token for this one. */
  @property({ attribute: false }) host: Host | null = null;

  @state() private registration: Registration | null = null;
  @state() private made: Host | null = null;
  @state() private teamId = "";
  @state() private isBusy = false;
  @state() private nameError = "";
  @state() private teamError = "";
  @state() private failure = "";
  @query("wr-dialog") private dialog!: Dialog;
  @query("form") private form!: HTMLFormElement;

  override connectedCallback(): void {
    super.connectedCallback();
    this.made = this.host;
    if (this.host !== null) void this.#reissue(this.host);
  }

  override render(): TemplateResult {
    const { made, registration } = this;
    const now = this.hosts.find(({ id }) => id === made?.id) ?? made;
    const isJoined = now !== null && stateOf(now) === "online";
    return html`<wr-dialog
      open
      heading=${this.#heading(isJoined)}
      ?held=${this.isBusy}
      ?firm=${registration !== null && !isJoined}
      @close=${() => emit(this, "close")}
    >
      ${
        made === null
          ? this.#renderForm()
          : html`${this.#renderFailure()}<wr-host-command
                .registration=${registration}
                .host=${now}
              ></wr-host-command>
              <wr-button slot="actions" kind="primary" @click=${() => this.dialog.close()}>Done</wr-button>`
      }
    </wr-dialog>`;
  }

  override updated(changed: Map<string, unknown>): void {
    if (!changed.has("registration") || this.registration === null) return;
    const command = this.renderRoot.querySelector("wr-host-command");
    void command?.updateComplete.then(() => command.renderRoot.querySelector("wr-copy")?.focus());
  }

  #heading(isJoined: boolean): string {
    if (this.made === null) return this.type === "byoc" ? "Add a host" : "Add a host of the platform";
    return isJoined ? "It has joined" : `Let ${this.made.name} join`;
  }

  #renderFailure(): TemplateResult | typeof nothing {
    return this.failure === "" ? nothing : html`<p class="error" role="alert">${this.failure}</p>`;
  }

  #renderForm(): TemplateResult {
    return html`<form @submit=${this.#submit}>
        <wr-field
          autofocus
          id="name"
          label="Name"
          placeholder="rack-1"
          maxlength="100"
          hint="How you know the machine. It needs Linux on x86-64; KVM makes it fast and is not required."
          .error=${this.nameError}
        ></wr-field>
        ${
          this.teams.length === 0
            ? nothing
            : html`<wr-combobox
                label="Team"
                value=${this.teamId}
                hint="Only teams that may bring hosts of their own."
                nothingFits="No such team brings its own hosts."
                .error=${this.teamError}
                .options=${this.teams}
                @change=${(event: Event) => {
                  this.teamId = (event.currentTarget as HTMLElementTagNameMap["wr-combobox"]).value;
                }}
              ></wr-combobox>`
        }
        <div class="two">
          <wr-field id="provider" optional label="Provider" placeholder="own rack" maxlength="100"></wr-field>
          <wr-field id="zone" optional label="Zone" placeholder="cellar" maxlength="100"></wr-field>
        </div>
        ${this.#renderFailure()}
      </form>
      <wr-button slot="actions" ?disabled=${this.isBusy} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button slot="actions" kind="primary" ?busy=${this.isBusy} @click=${() => this.form.requestSubmit()}
        >Create token</wr-button
      >`;
  }

  #field(id: string): Field {
    return this.renderRoot.querySelector<Field>(`#${id}`) as Field;
  }

  #body(name: string): NewHost {
    const provider = this.#field("provider").value.trim();
    const zone = this.#field("zone").value.trim();
    return {
      name,
      type: this.type,
      ...(this.teamId !== "" && { team_id: this.teamId }),
      ...(provider !== "" && { provider }),
      ...(zone !== "" && { availability_zone: zone }),
    };
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    const nameField = this.#field("name");
    const name = nameField.value.trim();
    this.nameError = name === "" ? "Give the host a name." : "";
    this.teamError = this.teams.length > 0 && this.teamId === "" ? "Choose whose host it is." : "";
    if (this.nameError !== "") return nameField.focus();
    if (this.teamError !== "") return;
    await this.#working(async () => {
      const { host, registration } = await createHost(this.#body(name));
      this.made = host;
      this.registration = registration;
    });
  }

  #reissue(host: Host): Promise<void> {
    return this.#working(async () => {
      this.registration = await issueToken(host);
    });
  }

  async #working(work: () => Promise<void>): Promise<void> {
    this.isBusy = true;
    this.failure = "";
    try {
      await work();
    } catch (error) {
      const isName = error instanceof ApiFailure && error.field === "name";
      this[isName ? "nameError" : "failure"] = describeFailure(error);
    } finally {
      this.isBusy = false;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-join-host": JoinHost;
  }
}
