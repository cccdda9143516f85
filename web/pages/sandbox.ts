/** /dashboard/sandboxes/{id}: one sandbox, live, in several views. The view stands in the address. */
import { html, LitElement, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { keyed } from "lit/directives/keyed.js";

import { base } from "../styles/shared.ts";
import "./sandbox/view.ts";

@customElement("wr-sandbox-page")
export class SandboxPage extends LitElement {
  static override styles = base;

  @property({ attribute: false }) params: Record<string, string> = {};

  override render(): TemplateResult {
    const { id = "" } = this.params;
    // Another sandbox is another page: nothing of the last one stays.
    return keyed(id, html`<wr-sandbox-view .sandboxId=${id}></wr-sandbox-view>`) as TemplateResult;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sandbox-page": SandboxPage;
  }
}
