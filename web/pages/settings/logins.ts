/** Logins at providers that lead into this account: connected and disconnected. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { describeFailure } from "../../api/failure.ts";
import { noteLinking } from "../../app/linking.ts";
import { SignInOptions } from "../../app/sign-in-options.ts";
import "../../components/button.ts";
import { askConfirm } from "../../components/confirm.ts";
import "../../components/time.ts";
import { place } from "../../router.ts";
import { beginLink, type Identity, listIdentities, unlink } from "../../state/account.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { base } from "../../styles/shared.ts";
import { settingsStyles } from "./styles.ts";

@customElement("wr-login-settings")
export class LoginSettings extends LitElement {
  static override styles = [base, settingsStyles];

  @state() private identities: readonly Identity[] | null = null;
  @state() private failure = "";
  readonly #options = new SignInOptions(this, place.value.query.get("error"));

  override connectedCallback(): void {
    super.connectedCallback();
    void this.#reload();
  }

  override willUpdate(): void {
    const isKnown = this.#options.offered !== null && this.identities !== null;
    // Without providers there is nothing to connect.
    this.hidden = isKnown && this.#providers.size === 0;
  }

  /** Those that are set up, and those that were when a login was connected. */
  get #providers(): ReadonlySet<string> {
    return new Set([
      ...(this.#options.offered?.providers ?? []).map(({ id }) => id),
      ...(this.identities ?? []).map(({ provider }) => provider),
    ]);
  }

  override render(): TemplateResult {
    const { offered, failure } = this.#options;
    const why = this.failure || failure;
    const words = offered?.error_words ?? null;
    return html`<section aria-labelledby="logins">
      <div>
        <h2 id="logins">Linked logins</h2>
        <p class="lead">Other ways into this account, beside the password.</p>
      </div>
      <div>
        ${words === null ? nothing : html`<p class="error" role="alert"><b>${words.title}</b>${words.advice}</p>`}
        ${
          why === ""
            ? nothing
            : html`<p class="error" role="alert">${why}</p>
                <wr-button @click=${() => void this.#reload()}>Try again</wr-button>`
        }
        ${this.identities === null ? nothing : [...this.#providers].map((id) => this.#renderProvider(id))}
      </div>
    </section>`;
  }

  #nameOf(provider: string): string {
    return this.#options.offered?.providers.find(({ id }) => id === provider)?.name ?? provider;
  }

  #renderProvider(provider: string): TemplateResult {
    const name = this.#nameOf(provider);
    const linked = this.identities?.find((one) => one.provider === provider);
    return html`<div class="line">
      <div>
        ${name}
        <p class="soft">
          ${linked === undefined ? "Not connected" : html`${linked.email}, since <wr-time value=${linked.created_at}></wr-time>`}
        </p>
      </div>
      ${
        linked === undefined
          ? html`<wr-button small @click=${() => void this.#link(provider)}>Connect ${name}</wr-button>`
          : html`<wr-button small @click=${() => void this.#unlink(linked)}>Disconnect…</wr-button>`
      }
    </div>`;
  }

  async #reload(): Promise<void> {
    this.failure = "";
    try {
      this.identities = await listIdentities();
    } catch (error) {
      this.failure = describeFailure(error);
    }
  }

  async #link(provider: string): Promise<void> {
    try {
      const url = await beginLink(provider);
      noteLinking();
      location.assign(url);
    } catch (error) {
      showFailure(error);
    }
  }

  async #unlink({ provider, email }: Identity): Promise<void> {
    const name = this.#nameOf(provider);
    const agreed = await askConfirm({
      heading: `Disconnect ${name}?`,
      text: "You cannot sign in through it any more. You can connect it again.",
      ends: [`${email} at ${name}`],
      action: "Disconnect",
    });
    if (!agreed) return;
    try {
      await unlink(provider);
      showToast(`${name} is disconnected.`);
    } catch (error) {
      showFailure(error);
    }
    await this.#reload();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-login-settings": LoginSettings;
  }
}
