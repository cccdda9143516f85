/** The columns of the list of teams, and what can be done to one. */
import { html, nothing } from "lit";

import { ApiFailure } from "../../api/failure.ts";
import "../../components/badge.ts";
import { askConfirm } from "../../components/confirm.ts";
import type { MenuEntry } from "../../components/menu.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import { navigate } from "../../router.ts";
import { type AnyTeam, setByoc } from "../../state/all-teams.ts";
import { showFailure, showToast } from "../../state/toasts.ts";
import { plural } from "../../text/format.ts";
import { describeLimits } from "./limit-names.ts";

export const TEAM_COLUMNS: readonly Column<AnyTeam>[] = [
  {
    key: "name",
    label: "Team",
    width: "minmax(9rem, 1.6fr)",
    narrow: "title",
    render: ({ name }) => html`<b title=${name}>${name}</b>`,
    sortBy: ({ name }) => name,
  },
  {
    key: "byoc",
    label: "Hosts",
    width: "minmax(6.5rem, 0.7fr)",
    narrow: "aside",
    render: ({ is_byoc: isByoc, host_count: count }) =>
      isByoc ? html`<wr-badge tone="accent">BYOC, ${plural(count, "host")}</wr-badge>` : html`Platform's`,
    sortBy: ({ is_byoc: isByoc, host_count: count }) => (isByoc ? count + 1 : 0),
  },
  {
    key: "owner",
    label: "Owner",
    width: "minmax(9rem, 1.4fr)",
    narrow: "details",
    render: ({ owner }) => (owner === null ? nothing : html`<span title=${owner.email}>${owner.name}</span>`),
    sortBy: ({ owner }) => owner?.name ?? "",
  },
  {
    key: "members",
    label: "Members",
    width: "minmax(5.5rem, 0.5fr)",
    narrow: "nowhere",
    render: ({ member_count: count }) => count,
    sortBy: ({ member_count: count }) => count,
  },
  {
    key: "sandboxes",
    label: "Sandboxes",
    width: "minmax(6.25rem, 0.5fr)",
    narrow: "nowhere",
    render: ({ sandbox_count: count }) => count,
    sortBy: ({ sandbox_count: count }) => count,
  },
  {
    key: "limits",
    label: "Limits of its own",
    width: "minmax(7.5rem, 1.2fr)",
    narrow: "details",
    render: ({ limits }) => {
      const words = describeLimits(limits);
      return words === "" ? nothing : html`<span title=${words}>${words}</span>`;
    },
  },
  {
    key: "age",
    label: "Age",
    width: "minmax(4rem, 0.4fr)",
    narrow: "nowhere",
    render: ({ created_at: at }) => html`<wr-time form="age" value=${at}></wr-time>`,
    sortBy: ({ created_at: at }) => -Date.parse(at),
  },
];

/** It has hosts that somebody must delete first: which, is a press away. */
const tellHasHosts = async ({ name }: AnyTeam): Promise<void> => {
  const goes = await askConfirm({
    heading: `${name} still has hosts of its own`,
    text: "Its sandboxes run there and nowhere else. Delete the hosts first; then it can use the platform's.",
    action: "Show its hosts",
    mild: true,
  });
  if (goes) navigate(`/admin/hosts?${new URLSearchParams({ tab: "byoc", q: name })}`);
};

const turnByoc = async (team: AnyTeam, enabled: boolean): Promise<void> => {
  const agreed = await askConfirm({
    heading: enabled ? `Let ${team.name} bring its own hosts?` : `Stop BYOC for ${team.name}?`,
    text: enabled
      ? "From then on its new sandboxes run on its own hosts, and only there: it can launch none until one has joined. What runs on the platform's hosts goes on."
      : "From then on its new sandboxes run on the platform's hosts.",
    action: enabled ? "Allow own hosts" : "Stop BYOC",
    mild: enabled,
  });
  if (!agreed) return;
  try {
    await setByoc(team, enabled);
    showToast(enabled ? `${team.name} may bring its own hosts.` : `${team.name} uses the platform's hosts.`);
  } catch (error) {
    if (error instanceof ApiFailure && error.code === "team_has_hosts") await tellHasHosts(team);
    else showFailure(error);
  }
};

/** @param limit opens the dialog of its limits. */
export const entriesFor = (team: AnyTeam, limit: (team: AnyTeam) => void): readonly MenuEntry[] => [
  team.is_byoc
    ? { label: "Stop BYOC…", icon: "host", run: () => void turnByoc(team, false) }
    : { label: "Allow own hosts…", icon: "host", run: () => void turnByoc(team, true) },
  { label: "Limits…", icon: "settings", run: () => limit(team) },
];
