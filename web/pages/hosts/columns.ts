/** The columns of a list of hosts. */
import { html, nothing, type TemplateResult } from "lit";

import "../../components/badge.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import type { Host } from "../../state/hosts.ts";
import { formatMb, plural } from "../../text/format.ts";
import { renderAccelerator, renderState, stateLabel } from "./status.ts";

const MB_PER_GB = 1024;

/** `4 CPUs · 8 GB`; empty before it joined. */
const describeMachine = ({ cpu_cores: cores, memory_mb: memoryMb }: Host): string =>
  cores === null || memoryMb === null ? "" : `${plural(cores, "CPU")} · ${formatMb(memoryMb)}`;

/** `4 CPUs · 8 GB · 100 GB disk`. */
export const describeSize = (host: Host): string => {
  const { disk_gb: diskGb } = host;
  return diskGb === null
    ? describeMachine(host)
    : `${describeMachine(host)} · ${formatMb(diskGb * MB_PER_GB)} disk`;
};

/** Of one that joined and is silent, how long that is; beats are told once a minute. */
export const renderBeat = ({ last_heartbeat_at: at }: Host): TemplateResult | typeof nothing =>
  at === null ? nothing : html`<wr-time form="minutes" value=${at}></wr-time>`;

/** @param show opens what there is to know of a host. */
export const hostColumns = (show: (host: Host) => void): readonly Column<Host>[] => [
  {
    key: "status",
    label: "Status",
    width: "minmax(7.75rem, 0.7fr)",
    narrow: "aside",
    render: renderState,
    sortBy: stateLabel,
  },
  {
    key: "name",
    label: "Host",
    width: "minmax(10rem, 2fr)",
    narrow: "title",
    render: (host) =>
      html`<button class="opens" type="button" title=${host.name} @click=${() => show(host)}>
          ${host.name}</button
        >${host.draining ? html` <wr-badge tone="warn" title="It takes no new sandboxes.">draining</wr-badge>` : nothing}`,
    sortBy: ({ name }) => name,
  },
  {
    key: "accelerator",
    label: "Accelerator",
    width: "minmax(6.5rem, 0.6fr)",
    narrow: "details",
    render: renderAccelerator,
    sortBy: ({ accelerator }) => accelerator ?? "",
  },
  {
    key: "size",
    label: "Machine",
    width: "minmax(8.5rem, 0.9fr)",
    narrow: "details",
    render: (host) =>
      host.cpu_cores === null
        ? nothing
        : html`<span title=${describeSize(host)}>${describeMachine(host)}</span>`,
    sortBy: ({ cpu_cores: cores, memory_mb: memoryMb }) => (cores ?? 0) * 1e9 + (memoryMb ?? 0),
  },
  {
    key: "free",
    label: "Free memory",
    width: "minmax(6.5rem, 0.6fr)",
    narrow: "nowhere",
    render: ({ free_memory_mb: freeMb }) => (freeMb === null ? nothing : formatMb(freeMb)),
    sortBy: ({ free_memory_mb: freeMb }) => freeMb ?? 0,
  },
  {
    key: "beat",
    label: "Heartbeat",
    width: "minmax(8.75rem, 0.7fr)",
    narrow: "nowhere",
    render: renderBeat,
    sortBy: ({ last_heartbeat_at: at }) => (at === null ? 0 : -Date.parse(at)),
  },
];
