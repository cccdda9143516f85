/** Where in a sandbox's files somebody is, as the address says it. */
import { nameOf, parentOf } from "../../../text/paths.ts";

const at = (query: Record<string, string>): string =>
  `${location.pathname}?${new URLSearchParams({ tab: "files", ...query })}`;

export const directoryHref = (path: string): string => at({ path });

/** A file is shown beside its directory. */
export const fileHref = (path: string): string => at({ path: parentOf(path), file: nameOf(path) });
