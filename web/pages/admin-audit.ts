/** /admin/audit: the platform's own trail: its hosts, its accounts, what admins changed. */
import { html, type TemplateResult } from "lit";
import { customElement } from "lit/decorators.js";

import type { Chip } from "../components/chips.ts";
import { type Account, accounts } from "../state/accounts.ts";
import { platformTrail, verifyPlatformTrail } from "../state/audit.ts";
import { FollowList } from "../state/follow-list.ts";
import "./audit/chain.ts";
import { platformChips } from "./audit/filters.ts";
import { NamesOf } from "./audit/names.ts";
import type { NameOf } from "./audit/sentences.ts";
import { TrailPage } from "./audit/trail-page.ts";

@customElement("wr-admin-audit-page")
export class AdminAuditPage extends TrailPage {
  protected override readonly isPlatform = true;
  protected override readonly types: readonly Chip[] = platformChips();
  readonly #accounts = new FollowList(this, accounts);
  readonly #names = new NamesOf<Account>(({ id }) => id);

  constructor() {
    super(platformTrail);
  }

  protected override renderHead(): TemplateResult {
    return html`<div class="head">
      <div>
        <h1>Audit log</h1>
        <p>What happened on the platform, newest first. Each team has a trail of its own.</p>
      </div>
      <div class="actions"><wr-chain .verify=${verifyPlatformTrail}></wr-chain></div>
    </div>`;
  }

  protected override get nameOf(): NameOf {
    return this.#names.of(this.#accounts.items);
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-admin-audit-page": AdminAuditPage;
  }
}
