/** /dashboard/keys: what programs sign in with. A key's text is shown once, when it is made. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { ListSearch } from "../app/list-search.ts";
import "../app/no-team.ts";
import "../components/button.ts";
import { askConfirm } from "../components/confirm.ts";
import "../components/empty.ts";
import "../components/icon.ts";
import type { MenuEntry } from "../components/menu.ts";
import "../components/table.ts";
import type { RowActions } from "../components/table-types.ts";
import { OfferCommands } from "../state/commands.ts";
import { FollowList } from "../state/follow-list.ts";
import { type ApiKey, keys, revokeKey } from "../state/keys.ts";
import { members } from "../state/members.ts";
import { session } from "../state/session.ts";
import { currentTeam, teams } from "../state/teams.ts";
import { showFailure, showToast } from "../state/toasts.ts";
import { Watch } from "../state/watch.ts";
import { base, page } from "../styles/shared.ts";
import { countShown } from "../text/format.ts";
import { isExpired, keyColumns } from "./keys/columns.ts";
import "./keys/create.ts";

const NO_TEAM = "You are in no team: create one in the sidebar first.";
const MEMBERS_MAY_NOT = "Members revoke their own keys only: ask an owner or admin.";

@customElement("wr-keys-page")
export class KeysPage extends LitElement {
  static override styles = [base, page];

  @state() private isCreating = false;
  readonly #search = new ListSearch(this, {
    label: "Search API keys",
    placeholder: "Search by name, key, person",
    nothing: "No key is like that.",
  });
  readonly #teams = new Watch(this, teams);
  readonly #hasTeam = session.person?.teamId !== null;
  readonly #keys = new FollowList(this, keys, this.#hasTeam);
  readonly #members = new FollowList(this, members, this.#hasTeam);

  constructor() {
    super();
    void new OfferCommands(this, () =>
      this.#hasTeam ? [{ label: "Create an API key", icon: "plus", run: () => this.#create() }] : [],
    );
  }

  override render(): TemplateResult {
    const reason = this.#hasTeam ? "" : NO_TEAM;
    return html`<div class="head">
        <div>
          <h1>API keys</h1>
          <p>${this.#renderLead()}</p>
        </div>
        <wr-button kind="primary" reason=${reason} @click=${() => this.#create()}
          ><wr-icon name="plus"></wr-icon>Create key</wr-button
        >
      </div>
      ${this.#hasTeam ? this.#renderList() : html`<wr-no-team text="API keys belong to a team."></wr-no-team>`}
      ${
        this.isCreating
          ? html`<wr-create-key
              @close=${() => {
                this.isCreating = false;
              }}
            ></wr-create-key>`
          : nothing
      }`;
  }

  #renderLead(): string {
    if (this.#keys.state.kind !== "ready" || this.#keys.items.length === 0) {
      return "What programs sign in with, instead of a password.";
    }
    const all = this.#keys.items.length;
    return `${countShown(this.#rows.length, all)} ${all === 1 ? "key" : "keys"} of your team`;
  }

  #renderList(): TemplateResult {
    const { state } = this.#keys;
    return html`<div class="bar">${this.#search.renderField()}</div>
      <wr-table
        label="API keys"
        status=${state.kind}
        failure=${state.kind === "failed" ? state.failure.message : ""}
        ?filtered=${this.#search.isNarrowed}
        .columns=${keyColumns(this.#nameOf)}
        .rows=${this.#rows}
        .keyOf=${({ id }: ApiKey) => id}
        .actions=${this.#actions}
        @retry=${() => void keys.reload()}
      >
        <wr-empty
          slot="empty"
          icon="key"
          heading="No key yet"
          text="A program needs a key to launch sandboxes: a CI job, an agent, the SDK on your laptop."
        >
          <wr-button kind="primary" @click=${() => this.#create()}>Create your first key</wr-button>
        </wr-empty>
        ${this.#search.renderNothing()}
      </wr-table>`;
  }

  readonly #nameOf = (userId: string): string => {
    if (userId === session.person?.userId) return "You";
    return this.#members.items.find(({ user_id: id }) => id === userId)?.name ?? "";
  };

  readonly #actions: RowActions<ApiKey> = {
    nameOf: ({ name }) => name,
    entries: (key) => [this.#revokeEntry(key)],
  };

  #revokeEntry(key: ApiKey): MenuEntry {
    const isOwn = key.created_by === session.person?.userId;
    const mayAll = this.#teams.value.kind === "ready" && currentTeam()?.role !== "member";
    return {
      label: "Revoke…",
      icon: "trash",
      danger: true,
      ...(!isOwn && !mayAll && { reason: MEMBERS_MAY_NOT }),
      run: () => void this.#revoke(key),
    };
  }

  get #rows(): readonly ApiKey[] {
    return this.#search.found(this.#keys.items, (key) => [
      key.name,
      key.key_prefix,
      this.#nameOf(key.created_by),
    ]);
  }

  #create(): void {
    this.isCreating = true;
  }

  async #revoke(key: ApiKey): Promise<void> {
    const agreed = await askConfirm({
      heading: `Revoke ${key.name}?`,
      text: isExpired(key)
        ? "It has expired and lets nobody in any more. It leaves the list for good."
        : "Programs that use it are refused from now on. It cannot be brought back.",
      ends: [`${key.key_prefix}…`],
      action: "Revoke key",
    });
    if (!agreed) return;
    try {
      await revokeKey(key.id);
      showToast(`${key.name} is revoked.`);
    } catch (error) {
      showFailure(error);
    }
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-keys-page": KeysPage;
  }
}
