/** The columns of the list of sandboxes. */
import { html, nothing, type TemplateResult } from "lit";

import "../../components/badge.ts";
import "../../components/id.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import { findRoute } from "../../routes.ts";
import type { Sandbox } from "../../state/sandboxes.ts";
import { formatMb } from "../../text/format.ts";
import { renderStatus, statusLabel } from "./status.ts";

/** Where a sandbox's own page is; empty while there is none. */
export const sandboxHref = ({ id }: Pick<Sandbox, "id">): string => {
  const href = `/dashboard/sandboxes/${id}`;
  return findRoute(href) === null ? "" : href;
};

/** Where its shell is. */
export const terminalHref = (sandbox: Pick<Sandbox, "id">): string => `${sandboxHref(sandbox)}?tab=terminal`;

const renderExpiry = ({
  status,
  expires_at: at,
  timeout_sec: timeoutSec,
  on_timeout: then,
}: Sandbox): unknown => {
  if (status !== "running") return nothing;
  if (timeoutSec === 0) return html`<span title="It has no timeout">no limit</span>`;
  if (at === null) return nothing;
  const words = then === "pause" ? "Paused then" : "Ended then";
  return html`<span title="${words}, unless it is used"><wr-time form="left" value=${at}></wr-time></span>`;
};

/** More would push the rest out of the row. */
const SHOWN_PAIRS = 2;

const renderMetadata = ({ metadata }: Sandbox): TemplateResult | typeof nothing => {
  const pairs = Object.entries<string>(metadata);
  if (pairs.length === 0) return nothing;
  const all = pairs.map(([key, value]) => `${key}=${value}`);
  const rest = pairs.length - SHOWN_PAIRS;
  return html`<span class="pairs" title=${all.join("\n")}
    >${all.slice(0, SHOWN_PAIRS).map((pair) => html`<wr-badge class="pair">${pair}</wr-badge> `)}${rest > 0 ? html`<wr-badge>+${rest}</wr-badge>` : nothing}</span
  >`;
};

export const SANDBOX_COLUMNS: readonly Column<Sandbox>[] = [
  {
    key: "status",
    label: "Status",
    width: "7.5rem",
    narrow: "aside",
    render: renderStatus,
    sortBy: ({ status }) => statusLabel(status),
  },
  {
    key: "id",
    label: "Sandbox",
    width: "minmax(9.25rem, 1fr)",
    narrow: "title",
    render: (sandbox) =>
      html`<wr-id label="sandbox" value=${sandbox.id} href=${sandboxHref(sandbox)}></wr-id>`,
  },
  {
    key: "template",
    label: "Template",
    width: "minmax(6rem, 1.2fr)",
    narrow: "details",
    render: ({ template }) => html`<span title=${template}>${template}</span>`,
    sortBy: ({ template }) => template,
  },
  {
    key: "size",
    label: "Size",
    width: "minmax(8.25rem, 0.8fr)",
    narrow: "details",
    render: ({ vcpus, memory_mb: memoryMb }) => html`${vcpus} vCPU · ${formatMb(memoryMb)}`,
    sortBy: ({ vcpus, memory_mb: memoryMb }) => vcpus * 1e9 + memoryMb,
  },
  {
    key: "age",
    label: "Age",
    width: "minmax(4.5rem, 0.6fr)",
    narrow: "details",
    render: ({ created_at: at }) => html`<wr-time form="age" value=${at}></wr-time>`,
    sortBy: ({ created_at: at }) => -Date.parse(at),
  },
  {
    key: "expires",
    label: "Time left",
    width: "minmax(5rem, 0.6fr)",
    narrow: "nowhere",
    render: renderExpiry,
    sortBy: ({ expires_at: at }) => (at === null ? Number.MAX_SAFE_INTEGER : Date.parse(at)),
  },
  {
    key: "metadata",
    label: "Metadata",
    width: "minmax(7.5rem, 2fr)",
    narrow: "nowhere",
    render: renderMetadata,
  },
];
