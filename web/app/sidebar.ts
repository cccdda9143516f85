/** Where to go, as whom: the team, the places, the person. The admin area has one of its own look. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property } from "lit/decorators.js";
import { ifDefined } from "lit/directives/if-defined.js";

import "../components/badge.ts";
import "../components/button.ts";
import "../components/icon.ts";
import { place } from "../router.ts";
import { ADMIN_HOME, findRoute, HOME } from "../routes.ts";
import { liveEvents } from "../state/events.ts";
import { isSidebarCollapsed } from "../state/preferences.ts";
import { session } from "../state/session.ts";
import { currentTeam, teams } from "../state/teams.ts";
import { Watch } from "../state/watch.ts";
import { base } from "../styles/shared.ts";
import "./mark.ts";
import { adminItems, dashboardItems, type NavItem } from "./nav.ts";
import { sidebarStyles } from "./sidebar-styles.ts";
import "./team-switcher.ts";
import "./user-menu.ts";

@customElement("wr-sidebar")
export class Sidebar extends LitElement {
  static override styles = [base, sidebarStyles];

  @property() area: "dashboard" | "admin" = "dashboard";
  @property({ type: Boolean }) collapsed = false;
  @property({ attribute: "can-collapse", type: Boolean }) canCollapse = false;

  readonly #place = new Watch(this, place);
  readonly #connection = new Watch(this, liveEvents.connection);

  constructor() {
    super();
    // Only so that it renders again; both are read where they are used.
    void new Watch(this, session.state);
    void new Watch(this, teams);
  }

  override render(): TemplateResult {
    const isAdmin = this.area === "admin";
    return html`<nav
      class=${this.collapsed ? "collapsed" : ""}
      aria-label=${isAdmin ? "Administration" : "Dashboard"}
    >
      ${isAdmin ? html`<div class="bar"></div>` : nothing}
      <div class="brand">
        <a href=${isAdmin ? ADMIN_HOME : HOME} aria-label="Wrenn"><wr-mark></wr-mark><b>Wrenn</b></a>
        ${isAdmin ? html`<wr-badge tone="accent">admin</wr-badge>` : nothing}
      </div>
      ${isAdmin ? nothing : html`<wr-team-switcher ?collapsed=${this.collapsed}></wr-team-switcher>`}
      <ul>
        ${(isAdmin ? adminItems() : dashboardItems(currentTeam())).map((item) => this.#renderItem(item))}
      </ul>
      <div class="foot">
        ${this.#renderConnection()} ${this.#renderOtherArea()}
        <wr-user-menu ?collapsed=${this.collapsed}></wr-user-menu>
        ${this.canCollapse ? this.#renderCollapse() : nothing}
      </div>
    </nav>`;
  }

  #renderItem({ href, label, icon, reason }: NavItem): TemplateResult {
    const isHere = this.#place.value.path === href || this.#place.value.path.startsWith(`${href}/`);
    const inside = html`<wr-icon name=${icon}></wr-icon><span class="text">${label}</span>`;
    if (reason !== undefined) {
      return html`<li>
        <a
          class="item"
          role="link"
          tabindex="0"
          aria-disabled="true"
          aria-label="${label}: ${reason}"
          title=${reason}
          >${inside}</a
        >
      </li>`;
    }
    return html`<li>
      <a
        class="item"
        href=${href}
        aria-current=${ifDefined(isHere ? "page" : undefined)}
        aria-label=${ifDefined(this.collapsed ? label : undefined)}
        title=${ifDefined(this.collapsed ? label : undefined)}
        >${inside}</a
      >
    </li>`;
  }

  /** Said only when it matters: that what is shown may be old. */
  #renderConnection(): TemplateResult | typeof nothing {
    if (this.#connection.value !== "waiting") return nothing;
    return html`<p class="connection" role="status" title="What you see may be old.">
      <span class="text">Reconnecting…</span>
    </p>`;
  }

  #renderOtherArea(): TemplateResult | typeof nothing {
    const isAdmin = this.area === "admin";
    if (!isAdmin && (session.person?.isAdmin !== true || findRoute(ADMIN_HOME) === null)) return nothing;
    const label = isAdmin ? "Back to the dashboard" : "Administration";
    return html`<a
      class="item"
      href=${isAdmin ? HOME : ADMIN_HOME}
      aria-label=${ifDefined(this.collapsed ? label : undefined)}
      title=${ifDefined(this.collapsed ? label : undefined)}
      ><wr-icon name=${isAdmin ? "back" : "shield"}></wr-icon><span class="text">${label}</span></a
    >`;
  }

  #renderCollapse(): TemplateResult {
    const label = this.collapsed ? "Open the sidebar" : "Collapse the sidebar";
    return html`<button
      class="item"
      type="button"
      aria-label=${label}
      title=${label}
      @click=${() => isSidebarCollapsed.set(!this.collapsed)}
    >
      <wr-icon name="sidebar"></wr-icon><span class="text">Collapse</span>
    </button>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-sidebar": Sidebar;
  }
}
