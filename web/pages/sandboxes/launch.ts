/**
 * Launches a sandbox: from what, how large, for how long.
 *
 * @fires close
 */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, query, state } from "lit/decorators.js";

import { ApiFailure, describeFailure } from "../../api/failure.ts";
import "../../components/button.ts";
import "../../components/combobox.ts";
import "../../components/dialog.ts";
import type { Dialog } from "../../components/dialog.ts";
import { emit } from "../../components/emit.ts";
import "../../components/pairs.ts";
import type { Pair } from "../../components/pairs.ts";
import "../../components/select.ts";
import { navigate } from "../../router.ts";
import { FollowList } from "../../state/follow-list.ts";
import { type CreateSandbox, createSandbox, type Sandbox } from "../../state/sandboxes.ts";
import { type Template, templates } from "../../state/templates.ts";
import { showToast } from "../../state/toasts.ts";
import { form } from "../../styles/form.ts";
import { base } from "../../styles/shared.ts";
import { shortId } from "../../text/format.ts";
import { sandboxHref, terminalHref } from "./columns.ts";
import { cpuChoices, FIRST_ONE, MEMORY_MB, memoryChoices, ON_TIMEOUT, TIMEOUTS } from "./launch-choices.ts";

const describeTemplate = ({ type, owner, copying, state }: Template): string => {
  if (state === "building") return "being built";
  if (copying !== null) return "being copied to a further host";
  if (owner === "platform") return "of the platform";
  return type === "snapshot" ? "snapshot of your team" : "of your team";
};

@customElement("wr-launch-sandbox")
export class LaunchSandbox extends LitElement {
  static override styles = [base, form];

  /** One that the new one is to be like. */
  @property({ attribute: false }) like: Sandbox | null = null;
  /** Chosen at first; empty: the template everybody has. */
  @property() template = "";
  /** Leads into the new one's terminal, instead of telling that it is there. */
  @property({ type: Boolean }) enters = false;

  @state() private wanted = {
    template: FIRST_ONE.template,
    vcpus: "",
    memoryMb: "",
    timeoutSec: String(FIRST_ONE.timeout_sec),
    onTimeout: FIRST_ONE.on_timeout as string,
  };
  @state() private pairs: readonly Pair[] = [];
  @state() private isBusy = false;
  @state() private failure: unknown = null;
  @query("wr-dialog") private dialog!: Dialog;
  @query("form") private form!: HTMLFormElement;
  readonly #templates = new FollowList(this, templates);

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("template") && this.template !== "") {
      this.wanted = { ...this.wanted, template: this.template };
    }
    if (!changed.has("like") || this.like === null) return;
    const {
      template,
      vcpus,
      memory_mb: memoryMb,
      timeout_sec: timeoutSec,
      on_timeout: onTimeout,
    } = this.like;
    const isOffered = MEMORY_MB.includes(memoryMb);
    this.wanted = {
      template,
      vcpus: String(vcpus),
      memoryMb: isOffered ? String(memoryMb) : "",
      timeoutSec: TIMEOUTS.some(({ value }) => value === String(timeoutSec)) ? String(timeoutSec) : "300",
      onTimeout,
    };
    this.pairs = Object.entries<string>(this.like.metadata);
  }

  override render(): TemplateResult {
    const { vcpus, memoryMb, timeoutSec, onTimeout, template } = this.wanted;
    const chosen = this.#templates.items.find(({ name }) => name === template);
    const field = this.failure instanceof ApiFailure ? this.failure.field : null;
    const templateError =
      field === "template" || this.#isCode("template_not_found") ? describeFailure(this.failure) : "";
    return html`<wr-dialog
      open
      heading="Launch a sandbox"
      ?held=${this.isBusy}
      @close=${() => emit(this, "close")}
    >
      <form @submit=${this.#submit}>
        <wr-combobox
          label="Template"
          value=${template}
          nothingFits="No template is called that."
          .error=${templateError}
          .options=${this.#templates.items.map((one) => ({ value: one.name, label: one.name, hint: describeTemplate(one) }))}
          @change=${(event: Event) => this.#set("template", event)}
        ></wr-combobox>
        <div class="two">
          <wr-select
            label="Processors"
            value=${vcpus}
            .choices=${cpuChoices(chosen)}
            @change=${(event: Event) => this.#set("vcpus", event)}
          ></wr-select>
          <wr-select
            label="Memory"
            value=${memoryMb}
            .choices=${memoryChoices(chosen)}
            @change=${(event: Event) => this.#set("memoryMb", event)}
          ></wr-select>
          <wr-select
            label="Idle timeout"
            value=${timeoutSec}
            .choices=${TIMEOUTS}
            @change=${(event: Event) => this.#set("timeoutSec", event)}
          ></wr-select>
          <wr-select
            label="When it runs out"
            value=${onTimeout}
            ?disabled=${timeoutSec === "0"}
            .choices=${ON_TIMEOUT}
            @change=${(event: Event) => this.#set("onTimeout", event)}
          ></wr-select>
        </div>
        <wr-pairs
          label="Metadata"
          .pairs=${this.pairs}
          @change=${(event: Event) => {
            this.pairs = (event.currentTarget as HTMLElementTagNameMap["wr-pairs"]).pairs;
          }}
        ></wr-pairs>
        ${
          this.failure === null || templateError !== ""
            ? nothing
            : html`<p class="error" role="alert">${describeFailure(this.failure)}</p>`
        }
      </form>
      <wr-button slot="actions" ?disabled=${this.isBusy} @click=${() => this.dialog.close()}
        >Cancel</wr-button
      >
      <wr-button
        slot="actions"
        autofocus
        kind="primary"
        ?busy=${this.isBusy}
        @click=${() => this.form.requestSubmit()}
        >${this.isBusy ? "Starting…" : "Launch"}</wr-button
      >
    </wr-dialog>`;
  }

  #isCode(code: string): boolean {
    return this.failure instanceof ApiFailure && this.failure.code === code;
  }

  #set(key: keyof typeof this.wanted, event: Event): void {
    const { value } = event.currentTarget as HTMLElement & { value: string };
    this.wanted = { ...this.wanted, [key]: value };
    this.failure = null;
  }

  get #body(): CreateSandbox {
    const { template, vcpus, memoryMb, timeoutSec, onTimeout } = this.wanted;
    const metadata = Object.fromEntries(this.pairs.filter(([key]) => key.trim() !== ""));
    return {
      template,
      ...(vcpus !== "" && { vcpus: Number(vcpus) }),
      ...(memoryMb !== "" && { memory_mb: Number(memoryMb) }),
      timeout_sec: Number(timeoutSec),
      on_timeout: onTimeout === "kill" ? "kill" : "pause",
      metadata,
    };
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.isBusy) return;
    this.isBusy = true;
    this.failure = null;
    try {
      const sandbox = await createSandbox(this.#body);
      this.isBusy = false;
      await this.updateComplete;
      this.dialog.close();
      if (this.enters) return navigate(terminalHref(sandbox));
      const href = sandboxHref(sandbox);
      showToast(`${shortId(sandbox.id)} is running.`, {
        action: href === "" ? null : { label: "Open", run: () => navigate(href) },
      });
    } catch (error) {
      this.isBusy = false;
      this.failure = error;
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-launch-sandbox": LaunchSandbox;
  }
}
