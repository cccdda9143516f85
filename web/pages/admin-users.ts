/** /admin/users: every account, who may come in, and links to set a password. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { ListSearch } from "../app/list-search.ts";
import "../components/button.ts";
import "../components/empty.ts";
import "../components/icon.ts";
import "../components/table.ts";
import type { RowActions } from "../components/table-types.ts";
import { type Account, accounts } from "../state/accounts.ts";
import { OfferCommands } from "../state/commands.ts";
import { FollowList } from "../state/follow-list.ts";
import { session } from "../state/session.ts";
import { base, page } from "../styles/shared.ts";
import { countShown } from "../text/format.ts";
import { entriesFor } from "./admin-users/actions.ts";
import { accountColumns, stateOf } from "./admin-users/columns.ts";
import "./admin-users/link.ts";

@customElement("wr-admin-users-page")
export class AdminUsersPage extends LitElement {
  static override styles = [base, page];

  /** The dialog: closed, for a new account, or for a link of one. */
  @state() private asking: "no" | "new" | Account = "no";
  readonly #search = new ListSearch(this, {
    label: "Search users",
    placeholder: "Search by name, e-mail, state",
    nothing: "No account is like that.",
  });
  readonly #accounts = new FollowList(this, accounts);
  readonly #columns = accountColumns(session.person?.userId ?? "");

  constructor() {
    super();
    void new OfferCommands(this, () => [{ label: "Add a user", icon: "plus", run: () => this.#add() }]);
  }

  override render(): TemplateResult {
    const { state, items } = this.#accounts;
    const rows = this.#rows;
    return html`<div class="head">
        <div>
          <h1>Users</h1>
          <p>
            ${
              items.length === 0
                ? "Everybody who can sign in."
                : `${countShown(rows.length, items.length)} ${items.length === 1 ? "account" : "accounts"}`
            }
          </p>
        </div>
        <wr-button kind="primary" @click=${() => this.#add()}
          ><wr-icon name="plus"></wr-icon>Add user</wr-button
        >
      </div>
      <div class="bar">${this.#search.renderField()}</div>
      <wr-table
        label="Users"
        status=${state.kind}
        failure=${state.kind === "failed" ? state.failure.message : ""}
        ?filtered=${this.#search.isNarrowed}
        .columns=${this.#columns}
        .rows=${rows}
        .keyOf=${({ id }: Account) => id}
        .actions=${this.#actions}
        @retry=${() => void accounts.reload()}
      >
        <wr-empty slot="empty" icon="people" heading="Nobody yet" text="Add the first user."></wr-empty>
        ${this.#search.renderNothing()}
      </wr-table>
      ${
        this.asking === "no"
          ? nothing
          : html`<wr-account-link
              .account=${this.asking === "new" ? null : this.asking}
              @close=${() => {
                this.asking = "no";
              }}
            ></wr-account-link>`
      }`;
  }

  readonly #actions: RowActions<Account> = {
    nameOf: ({ name }) => name,
    entries: (account) =>
      entriesFor(account, (one) => {
        this.asking = one;
      }),
  };

  get #rows(): readonly Account[] {
    return this.#search.found(this.#accounts.items, (account) => {
      const { name, email, id, is_admin: isAdmin } = account;
      return [name, email, id, stateOf(account), isAdmin ? "platform admin" : ""];
    });
  }

  #add(): void {
    this.asking = "new";
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-admin-users-page": AdminUsersPage;
  }
}
