/** Where one is signed in, and ending it there. */
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, state } from "lit/decorators.js";

import { describeFailure } from "../../api/failure.ts";
import "../../components/badge.ts";
import "../../components/button.ts";
import { askConfirm } from "../../components/confirm.ts";
import "../../components/table.ts";
import type { Column, RowActions } from "../../components/table-types.ts";
import "../../components/time.ts";
import { endOtherSignIns, endSignIn, listSignIns, type SignIn } from "../../state/account.ts";
import { session } from "../../state/session.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { base } from "../../styles/shared.ts";
import { describeAgent } from "./agent-words.ts";
import { settingsStyles } from "./styles.ts";

const COLUMNS: readonly Column<SignIn>[] = [
  {
    key: "where",
    label: "With",
    width: "minmax(9rem, 1fr)",
    narrow: "title",
    render: ({ user_agent: agent, is_current: isCurrent }) =>
      html`<span title=${agent ?? ""}>${describeAgent(agent)}</span> ${
          isCurrent ? html`<wr-badge tone="good">this one</wr-badge>` : nothing
        }`,
  },
  {
    key: "since",
    label: "Signed in",
    width: "6rem",
    narrow: "nowhere",
    render: ({ created_at: at }) => html`<wr-time value=${at}></wr-time>`,
  },
  {
    key: "seen",
    label: "Last seen",
    width: "6rem",
    narrow: "details",
    render: ({ last_seen_at: at }) => html`<wr-time value=${at}></wr-time>`,
  },
];

@customElement("wr-session-settings")
export class SessionSettings extends LitElement {
  static override styles = [base, settingsStyles];

  @state() private sessions: readonly SignIn[] = [];
  @state() private status: "loading" | "failed" | "ready" = "loading";
  @state() private failure = "";

  override connectedCallback(): void {
    super.connectedCallback();
    void this.reload();
  }

  override render(): TemplateResult {
    const others = this.sessions.filter(({ is_current: isCurrent }) => !isCurrent);
    return html`<section aria-labelledby="sessions">
      <div>
        <h2 id="sessions">Sessions</h2>
        <p class="lead">Where you are signed in. One you do not know? End it, and change your password.</p>
      </div>
      <div>
        <wr-table
          label="Sessions"
          status=${this.status}
          failure=${this.failure}
          .columns=${COLUMNS}
          .rows=${this.sessions}
          .keyOf=${({ id }: SignIn) => id}
          .actions=${this.#actions}
          @retry=${() => void this.reload()}
        ></wr-table>
        ${
          others.length === 0
            ? nothing
            : html`<wr-button class="all" @click=${() => void this.#end(others)}
                >Sign out everywhere else…</wr-button
              >`
        }
      </div>
    </section>`;
  }

  async reload(): Promise<void> {
    try {
      this.sessions = await listSignIns();
      this.status = "ready";
    } catch (error) {
      this.failure = describeFailure(error);
      this.status = "failed";
    }
  }

  readonly #actions: RowActions<SignIn> = {
    nameOf: ({ user_agent: agent }) => describeAgent(agent),
    entries: (one) => [
      {
        label: one.is_current ? "Sign out" : "Sign out there…",
        icon: "out",
        danger: true,
        run: () => void (one.is_current ? session.logOut() : this.#end([one])),
      },
    ],
  };

  async #end(doomed: readonly SignIn[]): Promise<void> {
    const [only] = doomed;
    const isOne = doomed.length === 1;
    const agreed = await askConfirm({
      heading: isOne ? "Sign out there?" : "Sign out everywhere else?",
      text: "It ends at once. Who works there has to sign in again; API keys go on.",
      ends: doomed.map(({ user_agent: agent }) => describeAgent(agent)),
      action: "Sign out",
    });
    if (!agreed || only === undefined) return;
    try {
      await (isOne ? endSignIn(only.id) : endOtherSignIns());
      showToast("Signed out there.");
    } catch (error) {
      showFailure(error);
    }
    await this.reload();
  }
}

declare global {
  interface HTMLElementTagNameMap {
    "wr-session-settings": SessionSettings;
  }
}
