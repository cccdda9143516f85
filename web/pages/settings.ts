/** /dashboard/settings: one's own account, whatever the team. */
import { css, html, LitElement, type TemplateResult } from "lit";
import { customElement, query } from "lit/decorators.js";

import { base, page } from "../styles/shared.ts";
import "./settings/default-team.ts";
import "./settings/logins.ts";
import "./settings/password.ts";
import "./settings/profile.ts";
import "./settings/sessions.ts";
import type { SessionSettings } from "./settings/sessions.ts";
import "./settings/theme.ts";

@customElement("wr-settings-page")
export class SettingsPage extends LitElement {
  static override styles = [
    base,
    page,
    css`
      :host {
        max-width: 60rem;
      }
    `,
  ];

  @query("wr-session-settings") private sessions!: SessionSettings;

  override render(): TemplateResult {
    return html`<div class="head"><h1>Settings</h1></div>
      <wr-profile-settings></wr-profile-settings>
      <wr-default-team-settings></wr-default-team-settings>
      <wr-password-settings @change=${() => void this.sessions.reload()}></wr-password-settings>
      <wr-session-settings></wr-session-settings>
      <wr-login-settings></wr-login-settings>
      <wr-theme-settings></wr-theme-settings>`;
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-settings-page": SettingsPage;
  }
}
