/** /dashboard/audit: what happened in the team. */
import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

import "../app/no-team.ts";
import type { Chip } from "../components/chips.ts";
import "../components/icon.ts";
import "../components/menu.ts";
import type { MenuEntry } from "../components/menu.ts";
import { download } from "../download.ts";
import { teamTrail, toQuery } from "../state/audit.ts";
import { FollowList } from "../state/follow-list.ts";
import { type Member, members } from "../state/members.ts";
import { session } from "../state/session.ts";
import { currentTeam, teams } from "../state/teams.ts";
import { showFailure } from "../state/toasts.ts";
import { Watch } from "../state/watch.ts";
import "./audit/chain.ts";
import { typeChips } from "./audit/filters.ts";
import { NamesOf } from "./audit/names.ts";
import type { NameOf } from "./audit/sentences.ts";
import { TrailPage } from "./audit/trail-page.ts";

@customElement("wr-audit-page")
export class AuditPage extends TrailPage {
  readonly #hasTeam = session.person?.teamId !== null;
  readonly #teams = new Watch(this, teams);
  readonly #members = new FollowList(this, members, this.#hasTeam);
  readonly #names = new NamesOf<Member>(({ user_id: id }) => id);

  constructor() {
    super(teamTrail, session.person?.teamId !== null);
  }

  override render(): TemplateResult {
    if (this.#hasTeam) return super.render();
    return html`<div class="head"><h1>Audit log</h1></div>
      <wr-no-team text="Here would be what happens in it."></wr-no-team>`;
  }

  protected override renderHead(): TemplateResult {
    return html`<div class="head">
      <div>
        <h1>Audit log</h1>
        <p>What happened in your team, newest first${this.#isMember ? ". Owner and admins see more" : ""}.</p>
      </div>
      <div class="actions">
        <wr-chain></wr-chain>
        <wr-menu kind="plain" small align-end label="Export" .entries=${this.#exports}
          >Export<wr-icon name="down"></wr-icon
        ></wr-menu>
      </div>
    </div>`;
  }

  protected override get types(): readonly Chip[] {
    return typeChips(this.#isMember);
  }

  protected override get nameOf(): NameOf {
    return this.#names.of(this.#members.items);
  }

  get #exports(): readonly MenuEntry[] {
    return (["csv", "jsonl"] as const).map((format) => ({
      label: format === "csv" ? "CSV, for spreadsheets" : "JSON lines, for programs",
      icon: "down",
      run: () => void this.#export(format),
    }));
  }

  get #isMember(): boolean {
    return this.#teams.value.kind === "ready" && currentTeam()?.role === "member";
  }

  /** All that fits the filter, not only what was read so far. */
  async #export(format: "csv" | "jsonl"): Promise<void> {
    const given = Object.entries(toQuery(this.filter)).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams({ format, ...Object.fromEntries(given) });
    try {
      await download(`/v1/audit-logs/export?${query}`, `audit.${format}`);
    } catch (error) {
      showFailure(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-audit-page": AuditPage;
  }
}
