/** Holds the page of a route: loads its code, says when that failed, and moves the focus and the title along. */
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";

import "../components/button.ts";
import "../components/empty.ts";
import { LOADERS } from "../loaders.ts";
import type { Route } from "../routes.ts";
import { base } from "../styles/shared.ts";
import { reloadOnce } from "./reload-once.ts";

interface PageElement extends HTMLElement {
  params?: Record<string, string>;
}

@customElement("wr-page-frame")
export class PageFrame extends LitElement {
  static override styles = base;

  /** Null: there is no such page. */
  @property({ attribute: false }) route: Route | null = null;
  @property({ attribute: false }) params: Record<string, string> = {};

  @state() private page: PageElement | null = null;
  @state() private hasFailed = false;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("route")) void this.#load();
    else if (changed.has("params") && this.page) this.page.params = this.params;
  }

  override render(): unknown {
    if (this.route === null) return this.#renderNotFound();
    if (this.hasFailed) return this.#renderFailed();
    return this.page ?? nothing;
  }

  #renderNotFound(): TemplateResult {
    return html`<wr-empty
      alone
      icon="search"
      heading="There is no such page"
      text="The address may be old, or mistyped."
    >
      <wr-button href="/">Go to the dashboard</wr-button>
    </wr-empty>`;
  }

  #renderFailed(): TemplateResult {
    return html`<wr-empty
      alone
      icon="alert"
      tone="bad"
      heading="This page could not be loaded"
      text="The server may be away, or a newer version of the dashboard is there."
    >
      <wr-button @click=${() => location.reload()}>Reload</wr-button>
    </wr-empty>`;
  }

  async #load(): Promise<void> {
    const { route } = this;
    this.hasFailed = false;
    if (route === null) {
      document.title = "Not found · Wrenn";
      return;
    }
    const isFirst = this.page === null;
    try {
      await LOADERS[route.tag]();
    } catch {
      if (this.route === route) this.hasFailed = !reloadOnce();
      return;
    }
    // Another one was asked for meanwhile.
    if (this.route !== route) return;
    const page: PageElement = document.createElement(route.tag);
    page.params = this.params;
    this.page = page;
    document.title = `${route.title} · Wrenn`;
    if (isFirst) return;
    // As a loaded page would: whoever listens hears that it changed.
    await this.updateComplete;
    page.tabIndex = -1;
    page.style.setProperty("outline", "none");
    page.focus({ preventScroll: true });
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-page-frame": PageFrame;
  }
}
