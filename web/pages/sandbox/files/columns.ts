/** The columns of a directory. */
import { html, type TemplateResult } from "lit";

import "../../../components/icon.ts";
import type { Column } from "../../../components/table-types.ts";
import "../../../components/time.ts";
import type { FileEntry } from "../../../state/files.ts";
import { formatBytes } from "../../../text/format.ts";
import { directoryHref, fileHref } from "./address.ts";

/** A link may lead to either; that of a directory finds out. */
export const entryHref = ({ type, path }: FileEntry): string =>
  type === "file" || type === "other" ? fileHref(path) : directoryHref(path);

/** In place of a size. */
const WORDS: Record<FileEntry["type"], string> = {
  file: "",
  directory: "folder",
  symlink: "link",
  other: "special",
};

const renderName = (entry: FileEntry): TemplateResult => {
  const { type, name, symlink_target: target } = entry;
  const title = target === null ? name : `${name} → ${target}`;
  return html`<a class="entry" href=${entryHref(entry)} title=${title}
    ><wr-icon name=${type === "directory" ? "folder" : "file"}></wr-icon
    ><span>${name}${target === null ? "" : html`<small> → ${target}</small>`}</span></a
  >`;
};

export const FILE_COLUMNS: readonly Column<FileEntry>[] = [
  {
    key: "name",
    label: "Name",
    width: "minmax(10rem, 3fr)",
    narrow: "title",
    render: renderName,
    sortBy: ({ name }) => name,
  },
  {
    key: "size",
    label: "Size",
    width: "minmax(4.5rem, 0.7fr)",
    narrow: "details",
    render: ({ type, size }) => (type === "file" ? formatBytes(size) : WORDS[type]),
    sortBy: ({ size }) => size,
  },
  {
    key: "modified",
    label: "Modified",
    width: "minmax(6rem, 1fr)",
    narrow: "details",
    render: ({ modified_at: at }) => (at === null ? "" : html`<wr-time value=${at}></wr-time>`),
    sortBy: ({ modified_at: at }) => (at === null ? 0 : Date.parse(at)),
  },
  {
    key: "owner",
    label: "Owner",
    width: "minmax(8rem, 1fr)",
    narrow: "nowhere",
    render: ({ owner, permissions }) =>
      html`<span title=${permissions}>${owner} <code>${permissions}</code></span>`,
    sortBy: ({ owner }) => owner,
  },
];
