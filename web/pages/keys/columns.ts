/** The columns of the list of API keys. */
import { html, type TemplateResult } from "lit";

import "../../components/badge.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import type { ApiKey } from "../../state/keys.ts";
import { ALL_SCOPES, SCOPES } from "./scopes.ts";

const SOON_MS = 7 * 86_400_000;

const renderScopes = ({ scopes }: ApiKey): TemplateResult => {
  if (ALL_SCOPES.every((scope) => scopes.includes(scope)))
    return html`<wr-badge tone="accent">All</wr-badge>`;
  const named = SCOPES.filter(({ scope }) => scopes.includes(scope));
  return html`${named.map(({ label }) => html`<wr-badge>${label}</wr-badge> `)}`;
};

export const isExpired = ({ expires_at: at }: ApiKey): boolean => at !== null && Date.parse(at) <= Date.now();

const renderExpiry = (key: ApiKey): unknown => {
  const at = key.expires_at;
  if (at === null) return "Never";
  if (isExpired(key)) return html`<wr-badge tone="bad">Expired</wr-badge>`;
  const time = html`<wr-time value=${at}></wr-time>`;
  return Date.parse(at) - Date.now() < SOON_MS ? html`<wr-badge tone="warn">${time}</wr-badge>` : time;
};

/** @param nameOf a person by id; empty while unknown. */
export const keyColumns = (nameOf: (userId: string) => string): readonly Column<ApiKey>[] => [
  {
    key: "name",
    label: "Name",
    width: "minmax(8rem, 1.6fr)",
    narrow: "title",
    render: ({ name }) => html`<span title=${name}>${name}</span>`,
    sortBy: ({ name }) => name,
  },
  {
    key: "prefix",
    label: "Key",
    width: "minmax(8rem, 1fr)",
    narrow: "details",
    render: ({ key_prefix: prefix }) => html`<code>${prefix}…</code>`,
  },
  {
    key: "scopes",
    label: "Scopes",
    width: "minmax(7rem, 1.2fr)",
    narrow: "aside",
    render: renderScopes,
  },
  {
    key: "maker",
    label: "Made by",
    width: "minmax(6rem, 1fr)",
    narrow: "nowhere",
    render: ({ created_by: id }) => html`<span title=${nameOf(id)}>${nameOf(id)}</span>`,
    sortBy: ({ created_by: id }) => nameOf(id),
  },
  {
    key: "used",
    label: "Last used",
    width: "minmax(5.5rem, 0.7fr)",
    narrow: "details",
    render: ({ last_used_at: at }) => (at === null ? "Never used" : html`<wr-time value=${at}></wr-time>`),
    sortBy: ({ last_used_at: at }) => (at === null ? 0 : Date.parse(at)),
  },
  {
    key: "expires",
    label: "Expires",
    width: "minmax(5.5rem, 0.7fr)",
    narrow: "nowhere",
    render: renderExpiry,
    sortBy: ({ expires_at: at }) => (at === null ? Number.MAX_SAFE_INTEGER : Date.parse(at)),
  },
];
