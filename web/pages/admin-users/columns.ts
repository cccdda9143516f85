/** The columns of the list of accounts. */
import { html, nothing } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";

import "../../components/badge.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import type { Account } from "../../state/accounts.ts";

const NO_PASSWORD = "It signs in by a provider, or has not used its link yet.";

/** Whether they can come in, in a word. */
export const stateOf = ({ is_disabled: isDisabled, has_password: hasPassword }: Account): string => {
  if (isDisabled) return "Disabled";
  return hasPassword ? "Active" : "No password";
};

export const accountColumns = (ownId: string): readonly Column<Account>[] => [
  {
    key: "name",
    label: "Name",
    width: "minmax(9rem, 1.4fr)",
    narrow: "title",
    render: ({ id, name }) =>
      html`<b title=${name}>${name}</b>${id === ownId ? html` <wr-badge>you</wr-badge>` : nothing}`,
    sortBy: ({ name }) => name,
  },
  {
    key: "email",
    label: "Email",
    width: "minmax(10rem, 1.8fr)",
    narrow: "details",
    render: ({ email }) => html`<span title=${email}>${email}</span>`,
    sortBy: ({ email }) => email,
  },
  {
    key: "state",
    label: "State",
    width: "minmax(7.5rem, 0.7fr)",
    narrow: "aside",
    render: (account) => {
      const tone = account.is_disabled ? "bad" : account.has_password ? "good" : "warn";
      const hint = account.has_password ? undefined : NO_PASSWORD;
      return html`<wr-badge tone=${tone} title=${ifDefined(hint)}>${stateOf(account)}</wr-badge>`;
    },
    sortBy: stateOf,
  },
  {
    key: "admin",
    label: "Role",
    width: "minmax(7.5rem, 0.7fr)",
    narrow: "details",
    render: ({ is_admin: isAdmin }) =>
      isAdmin ? html`<wr-badge tone="accent">Platform admin</wr-badge>` : nothing,
    sortBy: ({ is_admin: isAdmin }) => (isAdmin ? 0 : 1),
  },
  {
    key: "teams",
    label: "Teams",
    width: "minmax(4.5rem, 0.4fr)",
    narrow: "nowhere",
    render: ({ team_count: count }) => count,
    sortBy: ({ team_count: count }) => count,
  },
  {
    key: "seen",
    label: "Last seen",
    width: "minmax(6rem, 0.6fr)",
    narrow: "nowhere",
    render: ({ last_seen_at: at }) =>
      at === null ? "Never" : html`<wr-time form="minutes" value=${at}></wr-time>`,
    sortBy: ({ last_seen_at: at }) => (at === null ? 0 : Date.parse(at)),
  },
];
