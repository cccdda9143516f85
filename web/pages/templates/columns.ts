/** The columns of the list of templates. */
import { html, nothing, type TemplateResult } from "lit";

import "../../components/badge.ts";
import "../../components/dot.ts";
import "../../components/progress.ts";
import type { Column } from "../../components/table-types.ts";
import "../../components/time.ts";
import type { Template } from "../../state/templates.ts";
import { formatMb, plural } from "../../text/format.ts";

const BYTES_PER_MB = 1024 * 1024;

export const typeLabel = ({ type }: Template): string => (type === "snapshot" ? "Snapshot" : "Template");
export const ownerLabel = ({ owner }: Template): string => (owner === "platform" ? "Platform" : "Your team");

const holders = ({ hosts }: Template): string => (hosts === 0 ? "On no host" : `On ${plural(hosts, "host")}`);

/** Where it is; while it is being copied to one more host, how far that is. */
const renderPlace = (template: Template): TemplateResult => {
  const { state, copying, hosts } = template;
  if (copying !== null) {
    const percent = Math.round(copying * 100);
    return html`<span class="copying" title="${holders(template)}; it is being copied to a further one"
      ><span>Copying ${percent} %</span
      ><wr-progress label="Copy of ${template.name} to a further host" .value=${copying}></wr-progress
    ></span>`;
  }
  if (state === "building") return html`<wr-dot tone="busy">Being made</wr-dot>`;
  return html`<wr-dot tone=${hosts === 0 ? "warn" : "good"}>${holders(template)}</wr-dot>`;
};

const renderSize = ({ size_bytes: bytes }: Template): unknown =>
  bytes === null ? nothing : formatMb(Math.max(1, Math.round(bytes / BYTES_PER_MB)));

/** @param use shows how to start sandboxes from it. */
export const templateColumns = (use: (template: Template) => void): readonly Column<Template>[] => [
  {
    key: "name",
    label: "Name",
    width: "minmax(9rem, 2fr)",
    narrow: "title",
    render: (template) =>
      html`<button class="opens" type="button" title=${template.name} @click=${() => use(template)}>
        ${template.name}
      </button>`,
    sortBy: ({ name }) => name,
  },
  {
    key: "type",
    label: "Type",
    width: "minmax(6rem, 0.6fr)",
    narrow: "aside",
    render: (template) =>
      html`<wr-badge tone=${template.type === "snapshot" ? "accent" : "plain"}
        >${typeLabel(template)}</wr-badge
      >`,
    sortBy: typeLabel,
  },
  {
    key: "owner",
    label: "Of",
    width: "minmax(5.5rem, 0.6fr)",
    narrow: "details",
    render: ownerLabel,
    sortBy: ownerLabel,
  },
  {
    key: "place",
    label: "Hosts",
    width: "minmax(8.5rem, 1fr)",
    narrow: "details",
    render: renderPlace,
    sortBy: ({ hosts }) => hosts,
  },
  {
    key: "machine",
    label: "Sandbox size",
    width: "minmax(8rem, 0.8fr)",
    narrow: "nowhere",
    render: ({ vcpus, memory_mb: memoryMb }) => html`${vcpus} vCPU · ${formatMb(memoryMb)}`,
    sortBy: ({ vcpus, memory_mb: memoryMb }) => vcpus * 1e9 + memoryMb,
  },
  {
    key: "size",
    label: "On disk",
    width: "minmax(5.5rem, 0.5fr)",
    narrow: "nowhere",
    render: renderSize,
    sortBy: ({ size_bytes: bytes }) => bytes ?? 0,
  },
  {
    key: "age",
    label: "Age",
    width: "minmax(4.5rem, 0.5fr)",
    narrow: "nowhere",
    render: ({ created_at: at }) => html`<wr-time form="age" value=${at}></wr-time>`,
    sortBy: ({ created_at: at }) => -Date.parse(at),
  },
];
